"""Takes over a database that has the schema but not the record of its migrations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.commands import UsageFailed
from config.database.locks import exclusive
from config.database.owner import connected_as_owner
from ops.choices import Direction, StepResult
from ops.drift.catalog import Catalog, read_catalog
from ops.drift.check import against
from ops.drift.differences import Difference
from ops.drift.reference import reference
from ops.migrating.deployment import LOCK
from ops.migrating.executor import GuardedExecutor
from ops.migrating.history import History, Step
from ops.migrating.pooler import refuse_transaction_pooler
from ops.migrating.source import source_digest

RECORD = "django_migrations"


@dataclass(frozen=True)
class Adoption:
    """What was recorded, in the order of the migrations; nothing where the schema differs."""

    recorded: tuple[str, ...]
    known: int
    differences: tuple[Difference, ...]


def adopt(*, dry_run: bool = False, lock_wait: float = 60) -> Adoption:
    """Record all migrations as applied, in one transaction, if the schema is what they make.

    Runs as the schema's owner, under the lock of migrations. Raises `Locked`, `UsageFailed` for a database without
    tables, `EnvironmentFailed` where there is nothing to compare with.
    """
    alias = DEFAULT_DB_ALIAS
    with connected_as_owner():
        refuse_transaction_pooler(alias)
        with exclusive(LOCK, what="Another migration", wait_seconds=lock_wait):
            connection = connections[alias]
            executor = GuardedExecutor(connection)
            migrations = executor.unapplied()
            applied = set(executor.loader.applied_migrations)
            unknown = sorted(applied - set(executor.loader.disk_migrations))
            if not migrations:
                return Adoption((), len(applied), ())
            expected = reference()
            with transaction.atomic():
                differences = [
                    *(Difference("migration", f"{app}.{name}", "unexpected") for app, name in unknown),
                    *_differences(connection, executor.recorder, expected.catalog),
                ]
                if not differences:
                    _record(executor.recorder, migrations)
                transaction.set_rollback(dry_run or bool(differences))
            if differences:
                return Adoption((), len(applied), tuple(differences))
            if not dry_run:
                _write_history(connection, migrations)
            return Adoption(tuple(f"{each.app_label}.{each.name}" for each in migrations), len(applied), ())


def _differences(connection: Any, recorder: MigrationRecorder, expected: Catalog) -> list[Difference]:
    """What the schema differs in once the table of the record is there."""
    if not _tables(connection):
        raise UsageFailed("This database has no tables to take over: run migrate.")
    had_record = recorder.has_table()
    recorder.ensure_schema()
    found = _compare(connection, expected)
    if had_record:
        return found
    # The rights that migrations give on the table that was made a moment ago.
    for difference in found:
        if difference.remedy and difference.name.endswith(f" on table {RECORD}"):
            connection.connection.execute(difference.remedy)
    return _compare(connection, expected)


def _record(recorder: MigrationRecorder, migrations: Sequence[Migration]) -> None:
    """Not by a faked run, which needs the state of every model, and that a record with gaps does not give."""
    for migration in migrations:
        for app, name in migration.replaces or [(migration.app_label, migration.name)]:
            recorder.record_applied(app, name)


def _write_history(connection: Any, migrations: Sequence[Migration]) -> None:
    """The run and its steps, as of migrations that were faked; from now on their sources are what they are."""
    history = History(connection.alias)
    history.begin(MigrationLoader(connection), Direction.FORWARDS)
    with transaction.atomic():
        for migration in migrations:
            step = Step(
                app=migration.app_label,
                name=migration.name,
                direction=Direction.FORWARDS,
                result=StepResult.FAKED,
                source_sha256=source_digest(migration),
            )
            history.add(step)
    history.finish()


def _compare(connection: Any, expected: Catalog) -> list[Difference]:
    raw = connection.connection
    return against(expected, read_catalog(raw, rows_of=expected.rows))


def _tables(connection: Any) -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor)) - {RECORD}
