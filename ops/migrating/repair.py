"""What interrupted changes of the schema have left, and how each of it is put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, transaction
from django.db.migrations import Migration

from ops.choices import Direction, StepResult
from ops.migrating.effects import presence
from ops.migrating.executor import GuardedExecutor
from ops.migrating.history import History, Step, first_line
from ops.migrating.recorder import UNIQUE_INDEX
from ops.migrating.source import PROJECT_APPS, source_digest

_INVALID_INDEXES = """
    SELECT i.relname, t.relname, i.relkind = 'I' FROM pg_index x
      JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
     WHERE NOT x.indisvalid AND i.relnamespace = current_schema()::regnamespace
       AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.oid)
     ORDER BY 1
"""
_UNVALIDATED = """
    SELECT k.conname, t.relname FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
     WHERE NOT k.convalidated AND k.contype IN ('c', 'f') AND k.conparentid = 0
       AND t.relnamespace = current_schema()::regnamespace
     ORDER BY 2, 1
"""
_DETACHING = """
    SELECT parent.relname, part.relname FROM pg_inherits
      JOIN pg_class parent ON parent.oid = inhparent JOIN pg_class part ON part.oid = inhrelid
     WHERE inhdetachpending AND parent.relnamespace = current_schema()::regnamespace
     ORDER BY 2
"""
#: Tables called after a partitioned one, with the same columns, that are no partition of any.
_UNATTACHED = """
    SELECT parent.relname, part.relname FROM pg_class parent
      JOIN pg_class part ON part.relnamespace = parent.relnamespace AND part.relkind = 'r' AND NOT part.relispartition
                        AND starts_with(part.relname, parent.relname || '_')
     WHERE parent.relkind = 'p' AND parent.relnamespace = current_schema()::regnamespace
       AND (SELECT array_agg(attname || ' ' || atttypid ORDER BY attname) FROM pg_attribute
             WHERE attrelid = parent.oid AND attnum > 0 AND NOT attisdropped)
         = (SELECT array_agg(attname || ' ' || atttypid ORDER BY attname) FROM pg_attribute
             WHERE attrelid = part.oid AND attnum > 0 AND NOT attisdropped)
     ORDER BY 2
"""


@dataclass
class Repair:
    """One thing that is not as it should be; `sql` puts it right, `record` is a migration that only lacks its record.

    With neither, a person has to: `sentence` says what.
    """

    kind: str
    name: str
    sentence: str
    sql: str = ""
    record: Migration | None = field(default=None, repr=False)
    result: str = "planned"

    @property
    def by_hand(self) -> bool:
        return not self.sql and self.record is None

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "sentence": self.sentence,
            "sql": self.sql,
            "by_hand": self.by_hand,
            "result": self.result,
        }


def plan_repairs(executor: GuardedExecutor) -> list[Repair]:
    """All that there is to do, in the order in which it is done; changes nothing."""
    connection = executor.connection
    finders: list[Callable[[], Iterator[Repair]]] = [
        lambda: _indexes(connection),
        lambda: _constraints(connection),
        lambda: _partitions(connection),
        lambda: _records(connection),
        lambda: _migrations(executor),
    ]
    return [repair for find in finders for repair in find()]


def _rows(connection: Any, query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def _indexes(connection: Any) -> Iterator[Repair]:
    quote = connection.ops.quote_name
    for index, table, of_partitioned in _rows(connection, _INVALID_INDEXES):
        if of_partitioned:
            yield Repair(
                "invalid-index",
                index,
                f"A partition of {table} lacks this index: make it there, then ALTER INDEX … ATTACH.",
            )
        elif index.endswith(("_ccnew", "_ccold")):
            yield Repair(
                "invalid-index",
                index,
                f"What an interrupted REINDEX of {table} has left is dropped.",
                f"DROP INDEX CONCURRENTLY {quote(index)}",
            )
        else:
            yield Repair(
                "invalid-index",
                index,
                f"An interrupted index of {table} is made anew.",
                f"REINDEX INDEX CONCURRENTLY {quote(index)}",
            )


def _constraints(connection: Any) -> Iterator[Repair]:
    quote = connection.ops.quote_name
    for constraint, table in _rows(connection, _UNVALIDATED):
        yield Repair(
            "unvalidated-constraint",
            constraint,
            f"The rows of {table} that are older than the rule are read.",
            f"ALTER TABLE {quote(table)} VALIDATE CONSTRAINT {quote(constraint)}",
        )


def _partitions(connection: Any) -> Iterator[Repair]:
    quote = connection.ops.quote_name
    for table, partition in _rows(connection, _DETACHING):
        yield Repair(
            "half-made-partition",
            partition,
            f"Its interrupted detachment from {table} is finished.",
            f"ALTER TABLE {quote(table)} DETACH PARTITION {quote(partition)} FINALIZE",
        )
    for table, partition in _rows(connection, _UNATTACHED):
        # One that holds rows was detached on purpose, or is somebody's copy.
        if not _rows(connection, f"SELECT 1 FROM {quote(partition)} LIMIT 1"):
            yield Repair(
                "half-made-partition",
                partition,
                f"It was to become a partition of {table}, is none, and is empty: it is dropped.",
                f"DROP TABLE {quote(partition)}",
            )


def _records(connection: Any) -> Iterator[Repair]:
    [(table, index)] = _rows(
        connection, f"SELECT to_regclass('django_migrations')::text, to_regclass('{UNIQUE_INDEX}')::text"
    )
    if table and not index:
        yield Repair(
            "records-not-unique",
            "django_migrations",
            "Of records that are there twice the first one stays, and the table gets its unique index.",
            "DELETE FROM django_migrations m WHERE EXISTS (SELECT FROM django_migrations o"
            " WHERE o.app = m.app AND o.name = m.name AND o.id < m.id);"
            f" CREATE UNIQUE INDEX {UNIQUE_INDEX} ON django_migrations (app, name)",
        )


def _migrations(executor: GuardedExecutor) -> Iterator[Repair]:
    """Migrations whose objects are there and whose record is not, up to the first one that is really to be applied."""
    for migration in executor.unapplied():
        if migration.app_label not in PROJECT_APPS:
            continue
        there = presence(executor.connection, executor.loader, migration)
        if there.is_whole:
            yield Repair(
                "unrecorded-migration",
                str(migration),
                f"All that it makes is there ({_some(there.found)}); only its record is missing.",
                record=migration,
            )
        elif not there.found or _finishes_itself(migration):
            continue
        elif there.missing:
            yield Repair(
                "half-made-migration",
                str(migration),
                f"There is {_some(there.found)}, but not {_some(there.missing)}: drop what is there, then run migrate.",
            )
        else:
            yield Repair(
                "perhaps-unrecorded-migration",
                str(migration),
                f"There is {_some(there.found)}; of the rest nothing can be seen ({_some(there.unseen)})."
                " migrate_baseline records it if the schema as a whole is what the migrations make.",
            )


def _some(names: list[str]) -> str:
    return ", ".join(names if len(names) <= 4 else [*names[:4], "…"])


def _finishes_itself(migration: Migration) -> bool:
    return all(getattr(operation, "rerunnable", False) for operation in migration.operations)


def apply_repairs(executor: GuardedExecutor, repairs: list[Repair], history: History) -> None:
    """Do them one by one; each `result` says what became of it. What fails does not keep the others from being done."""
    executor.patience.begin("The repair")
    recorded = [repair for repair in repairs if repair.record]
    if recorded:
        executor.recorder.ensure_schema()
        history.begin(executor.loader, Direction.FORWARDS)
    for repair in repairs:
        if repair.by_hand:
            repair.result = "by hand"
            continue
        executor.patience.what = f"The repair of {repair.name}"
        try:
            with executor.connection.execute_wrapper(executor.statements):
                _apply(executor, repair, history)
            repair.result = "done"
        except DatabaseError as error:
            repair.result = f"failed: {first_line(error)}"
    if recorded:
        history.finish()
    executor.patience.close()


def _apply(executor: GuardedExecutor, repair: Repair, history: History) -> None:
    alias = executor.connection.alias
    if repair.record is None:
        executor.statements.begin()
        with executor.connection.cursor() as cursor:
            cursor.execute(repair.sql)
        return
    with transaction.atomic(using=alias):
        executor.recorder.record_applied(repair.record.app_label, repair.record.name)
        history.add(
            Step(
                app=repair.record.app_label,
                name=repair.record.name,
                direction=Direction.FORWARDS,
                result=StepResult.FAKED,
                source_sha256=source_digest(repair.record),
            )
        )
