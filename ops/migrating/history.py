"""The record of runs and steps (`migration_runs`, `migration_steps`), kept while their own tables come and go."""

import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from audit.choices import Severity, SystemEventType
from audit.services import record_system_event
from config.commands.counting import counted
from ops.choices import Direction, RunResult, StepResult
from ops.migrating.source import PROJECT_APPS, source_digest
from ops.revision import code_revision

#: The migration that makes the two tables.
TABLES = ("ops", "0001_migration_runs")
_LAST_DIGESTS = """
    SELECT DISTINCT ON (app, name) app, name, source_sha256 FROM migration_steps
     WHERE result IN ('applied', 'faked', 'accepted') ORDER BY app, name, id DESC
"""
_CLOSE_KILLED = """
    UPDATE migration_runs SET result = 'interrupted', finished_at = greatest(started_at, %s),
           error = 'Its process or server ended.'
     WHERE result = 'running'
"""
_FINISH = "UPDATE migration_runs SET finished_at = greatest(started_at, %s), result = %s, error = %s WHERE id = %s"


@dataclass(kw_only=True)
class Step:
    """What became of one migration; see `MigrationStep` for the columns."""

    app: str
    name: str
    direction: Direction
    result: StepResult
    source_sha256: bytes | None
    duration_ms: int = 0
    attempts: int = 1
    lock_wait_ms: int = 0
    sql_sha256: bytes | None = None
    error: str = ""


@dataclass(kw_only=True)
class Run:
    """One run; see `MigrationRun` for the columns."""

    started_at: datetime
    direction: Direction
    host: str
    code_revision: str
    waited_ms: int
    finished_at: datetime | None = None
    result: RunResult = RunResult.RUNNING
    error: str = ""
    id: UUID | None = None


@dataclass
class History:
    """Writes one run and its steps over Django's connection `alias`.

    `migrate` makes the tables as early as it can; steps before that are kept in memory and written with that one. All
    is plain SQL on the columns that the tables have from the beginning: the models may be ahead of them.
    """

    alias: str
    waited_seconds: float = 0.0
    _run: Run | None = None
    _saved: bool = False
    _ready: bool = False
    _kept: list[Step] = field(default_factory=list)
    _steps: list[Step] = field(default_factory=list)

    def begin(self, loader: MigrationLoader, direction: Direction) -> None:
        """A run begins that has something to do."""
        self._loader = loader
        self._ready = TABLES in loader.applied_migrations
        self._run = Run(
            started_at=timezone.now(),
            direction=direction,
            host=socket.gethostname(),
            code_revision=code_revision(),
            waited_ms=round(self.waited_seconds * 1000),
        )
        if self._ready:
            self.close_killed(loader)
            self._write(self._run, self._kept)
            self._kept.clear()

    def close_killed(self, loader: MigrationLoader) -> None:
        """Mark the runs as interrupted whose process or server was killed: while one has the lock, no other runs."""
        if TABLES in loader.applied_migrations:
            with connections[self.alias].cursor() as cursor:
                cursor.execute(_CLOSE_KILLED, [timezone.now()])

    def add(self, step: Step) -> None:
        """Write a step, in the transaction that the caller has begun."""
        if self._run is None:
            return
        if (step.app, step.name) == TABLES and step.direction == Direction.BACKWARDS:
            # They go, with all that they hold.
            self._ready = False
            return
        made_now = (step.app, step.name) == TABLES and not self._ready
        if not (self._ready or made_now):
            transaction.on_commit(lambda: self._keep(step), using=self.alias)
            return
        self._write(self._run, [*self._kept, *(self._accepted_before() if made_now else []), step])
        transaction.on_commit(lambda: self._committed(step), using=self.alias)

    def _keep(self, step: Step) -> None:
        self._kept.append(step)
        self._steps.append(step)

    def _committed(self, step: Step) -> None:
        self._ready = True
        self._kept.clear()
        self._steps.append(step)

    def accept(self, migrations: Iterable[Migration]) -> None:
        """From now on the sources of these applied migrations are what they are."""
        self._kept += [_accepted(migration) for migration in migrations]

    @property
    def has_accepted(self) -> bool:
        """Whether sources were accepted that are not written down yet."""
        return bool(self._kept)

    def _accepted_before(self) -> list[Step]:
        """Migrations that were applied before there was a history: their sources are taken as they are now."""
        kept = {(step.app, step.name) for step in self._kept}
        nodes = self._loader.graph.nodes
        return [_accepted(nodes[key]) for key in self._loader.applied_migrations if key in nodes and key not in kept]

    def fail(self, step: Step, error: BaseException) -> None:
        """Write down that a migration failed, after its transaction was rolled back."""
        with suppress(DatabaseError):
            failed = replace(step, result=StepResult.FAILED, error=first_line(error))
            if self._run is not None and self._ready:
                self._write(self._run, [failed])

    def finish(self, error: BaseException | None = None) -> None:
        """The run has ended, by `error` if one is given. `system_events` gets a line when it is there as it must be."""
        run = self._run
        if run is None or not self._ready:
            return
        with suppress(DatabaseError), transaction.atomic(using=self.alias):
            run.finished_at = timezone.now()
            run.result = RunResult.FAILED if error else RunResult.DONE
            if isinstance(error, KeyboardInterrupt):
                run.result = RunResult.INTERRUPTED
            run.error = first_line(error) if error else ""
            self._write(run, [])
            if not error and self._steps and self._events_are_complete():
                self._record_event(run, (run.finished_at - run.started_at).total_seconds())

    def _record_event(self, run: Run, seconds: float) -> None:
        verb = "applied" if run.direction == Direction.FORWARDS else "unapplied"
        record_system_event(
            event_type=SystemEventType.MIGRATION_COMPLETED,
            severity=Severity.INFO,
            message=f"{counted(len(self._steps), 'migration')} {verb} in {seconds:.1f} s.",
            details={
                "run": str(run.id),
                "code_revision": run.code_revision,
                "migrations": [f"{step.app}.{step.name}" for step in self._steps],
            },
            service="migrate",
            host=run.host,
        )

    def _events_are_complete(self) -> bool:
        """Whether `system_events` is the table that this code knows."""
        applied = MigrationRecorder(connections[self.alias]).applied_migrations()
        events = {key for key in self._loader.graph.leaf_nodes() if key[0] == "audit"}
        return self.alias == DEFAULT_DB_ALIAS and events <= set(applied)

    def _write(self, run: Run, steps: list[Step]) -> None:
        with transaction.atomic(using=self.alias, savepoint=False), connections[self.alias].cursor() as cursor:
            if not self._saved:
                columns = {name: value for name, value in vars(run).items() if name != "id"}
                _insert(cursor, "migration_runs", [columns], returning="id")
                (run.id,) = cursor.fetchone()
                transaction.on_commit(self._mark_saved, using=self.alias)
            elif run.finished_at:
                cursor.execute(_FINISH, [run.finished_at, run.result, run.error, run.id])
            _insert(cursor, "migration_steps", [{"run_id": run.id, **vars(step)} for step in steps])

    def _mark_saved(self) -> None:
        self._saved = True


def _insert(cursor: Any, table: str, rows: list[dict[str, Any]], *, returning: str = "") -> None:
    if rows:
        marks = f"({', '.join(['%s'] * len(rows[0]))})"
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES {', '.join([marks] * len(rows))}"
            f"{returning and f' RETURNING {returning}'}",
            [value for row in rows for value in row.values()],
        )


def _accepted(migration: Migration) -> Step:
    return Step(
        app=migration.app_label,
        name=migration.name,
        direction=Direction.FORWARDS,
        result=StepResult.ACCEPTED,
        source_sha256=source_digest(migration),
    )


def edited_since_applied(connection: Any, loader: MigrationLoader) -> list[Migration]:
    """The applied migrations of the project whose source is no longer the one that was applied."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('migration_steps')")
        if cursor.fetchone()[0] is None:
            return []
        cursor.execute(_LAST_DIGESTS)
        recorded = {(app, name): digest for app, name, digest in cursor.fetchall()}
    return [
        migration
        for key, migration in loader.graph.nodes.items()
        if key in loader.applied_migrations
        and key[0] in PROJECT_APPS
        and recorded.get(key) is not None
        and bytes(recorded[key]) != source_digest(migration)
    ]


def first_line(error: BaseException) -> str:
    """What went wrong, without the statement and the rows that PostgreSQL adds below."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
