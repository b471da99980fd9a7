"""Run the pending migrations on a clone and watch them."""

import time
from dataclasses import dataclass, field
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection as in_use
from django.db.migrations.loader import MigrationLoader

from config.database.owner import connected_to
from config.database.scratch import Server
from ops.migrating.executor import GuardedExecutor
from ops.migrating.targets import find_targets
from ops.rehearsal.clone import clone
from ops.rehearsal.trace import Statement, Trace

#: Bytes per second that a server reads, and writes anew with indexes: a rough guess, for a clone without rows.
SCANNED_PER_SECOND = 100_000_000
REWRITTEN_PER_SECOND = 25_000_000


@dataclass
class Rehearsal:
    """What happened on the clone; `error` is why it ended early.

    `guessed_ms` is added to a statement's stall where the clone had no rows: by its index, from the size of the tables
    in use.
    """

    source: str
    migrations: list[str] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    guessed_ms: dict[int, float] = field(default_factory=dict)
    error: str | None = None
    seconds: float = 0

    def stall_ms(self, number: int) -> float:
        """How long others may wait for a statement and what follows it in its transaction."""
        return self.statements[number].stall_ms + self.guessed_ms.get(number, 0)

    @property
    def longest_stall_ms(self) -> float:
        return max((self.stall_ms(number) for number in range(len(self.statements))), default=0)


def rehearse(*, backup: str | None = None, app: str | None = None, name: str | None = None) -> Rehearsal:
    """Run what is pending (of `app`), or the way to its migration `name`, on a clone that is dropped afterwards.

    Raises as `clone` and as `find_targets`, before a clone is made.
    """
    started = time.monotonic()
    targets = find_targets(MigrationLoader(None), app, name)
    database = str(in_use.settings_dict["NAME"])
    with clone(backup) as copy:
        result = Rehearsal(copy.source)
        with connected_to(copy.name) as connection:
            trace = Trace(connection)

            def report(action: str, migration: Any = None, fake: bool | None = None) -> None:
                if action in {"apply_start", "unapply_start"}:
                    trace.migration = str(migration)
                    result.migrations.append(trace.migration)
                elif action in {"apply_success", "unapply_success"}:
                    trace.migration = ""

            executor = GuardedExecutor(connection, report)
            plan = executor.migration_plan(targets)
            with connection.execute_wrapper(trace):
                try:
                    executor.migrate(targets, plan)
                except DatabaseError as error:
                    result.error = f"{trace.migration} failed: {str(error).strip().splitlines()[0]}"
            result.statements = trace.finish()
    if not copy.has_rows:
        result.guessed_ms = _guess(result.statements, database)
    result.seconds = time.monotonic() - started
    return result


def _guess(statements: list[Statement], database: str) -> dict[int, float]:
    """Milliseconds by the statement's number, from the real size of what it reads or rewrites under its lock."""
    with Server.of_settings().connect(database) as session:
        sizes: dict[str, Any] = dict(
            session.execute(
                "SELECT coalesce(parent.relname, c.relname), sum(pg_table_size(c.oid)) FROM pg_class c"
                " LEFT JOIN pg_inherits ON inhrelid = c.oid AND c.relispartition"
                " LEFT JOIN pg_class parent ON parent.oid = inhparent"
                " WHERE c.relkind IN ('r', 'm') AND c.relnamespace = current_schema()::regnamespace GROUP BY 1"
            ).fetchall()
        )
    guessed = {}
    for number, statement in enumerate(statements):
        if statement.blocking:
            written = float(sum(sizes.get(table, 0) for table in statement.rewrites))
            read = float(sum(sizes.get(table, 0) for table in statement.scans))
            guessed[number] = (written / REWRITTEN_PER_SECOND + read / SCANNED_PER_SECOND) * 1000
    return guessed
