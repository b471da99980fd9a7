"""Runs migrations: each is there as a whole, with its record, or not at all, and nobody queues behind it for long."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from config.database.roles import OWNER
from ops.choices import Direction, StepResult
from ops.migrating.held_back import HeldBack
from ops.migrating.history import TABLES, History, Step
from ops.migrating.operations import patient_operations
from ops.migrating.patience import LOCK_TIMEOUT_MS, Patience
from ops.migrating.recorder import UniqueRecorder
from ops.migrating.source import source_digest
from ops.migrating.state import LeanState, lean
from ops.migrating.statements import Statements


class GuardedExecutor(MigrationExecutor):
    """Django's executor, with short lock time-outs and retries; steps go to `history` if one is given.

    What PostgreSQL can do in one transaction is tried again as a whole. In a migration with `atomic = False` each
    statement is tried again by itself, and so is each operation with a transaction of its own.
    """

    def __init__(
        self,
        connection: Any,
        progress_callback: Callable[..., Any] | None = None,
        *,
        patience: Patience | None = None,
        history: History | None = None,
    ) -> None:
        super().__init__(connection, progress_callback)
        self.recorder = UniqueRecorder(connection)
        self.patience = patience or Patience(connection.alias)
        self.history = history
        self.statements = Statements(connection, self.patience)

    def migration_plan(self, targets: Any, clean_start: bool = False) -> Any:
        """The tables of the history as early as can be: they record all others."""
        plan = super().migration_plan(targets, clean_start)
        if not any((migration.app_label, migration.name) == TABLES and not back for migration, back in plan):
            return plan
        return super().migration_plan([TABLES, *targets], clean_start)

    def unapplied(self) -> list[Migration]:
        """All migrations without a record in their order, those too upon which others were applied."""
        whole = self.migration_plan(self.loader.graph.leaf_nodes(), clean_start=True)
        applied = self.loader.applied_migrations
        return [migration for migration, _ in whole if (migration.app_label, migration.name) not in applied]

    def _create_project_state(self, with_applied_migrations: bool = False) -> LeanState:
        return lean(super()._create_project_state(with_applied_migrations))  # type: ignore[misc]

    def migrate(self, targets: Any, plan: Any = None, *args: Any, **options: Any) -> ProjectState:
        if plan is None:
            plan = self.migration_plan(targets)
        if not plan:
            if self.history:
                self._write_what_was_left(self.history)
            return super().migrate(targets, plan, *args, **options)
        direction = Direction.BACKWARDS if plan[0][1] else Direction.FORWARDS
        try:
            with self.short_time_outs():
                if self.history:
                    self.history.begin(self.loader, direction)
                state = super().migrate(targets, plan, *args, **options)
        except BaseException as error:
            if self.history:
                self.history.finish(error)
            raise
        if self.history:
            self.history.finish()
        return state

    def _write_what_was_left(self, history: History) -> None:
        """There is nothing to run, but killed runs to close, and perhaps edited sources that were accepted."""
        history.close_killed(self.loader)
        if history.has_accepted:
            history.begin(self.loader, Direction.FORWARDS)
            history.finish()

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        self._report("apply_start", migration, fake)
        if fake_initial and not fake:
            fake, state = self.detect_soft_applied(state, migration)
        step = _step(migration, Direction.FORWARDS, StepResult.FAKED if fake else StepResult.APPLIED)
        if fake:
            self._record(step, lambda: self._record_applied(migration))
        else:
            state = self._run(
                migration,
                step,
                # What an attempt does to the state must not stay when it is rolled back.
                change=lambda editor: migration.apply(state.clone(), editor),
                record=lambda: self._record_applied(migration),
            )
        self._report("apply_success", migration, fake)
        return state

    def unapply_migration(self, state: ProjectState, migration: Migration, fake: bool = False) -> ProjectState:
        self._report("unapply_start", migration, fake)
        step = _step(migration, Direction.BACKWARDS, StepResult.FAKED if fake else StepResult.UNAPPLIED)
        if fake:
            self._record(step, lambda: self._record_unapplied(migration))
        else:
            state = self._run(
                migration,
                step,
                change=lambda editor: migration.unapply(state, editor),
                record=lambda: self._record_unapplied(migration),
            )
        self._report("unapply_success", migration, fake)
        return state

    def _record_applied(self, migration: Migration) -> None:
        for app, name in migration.replaces or [(migration.app_label, migration.name)]:
            self.recorder.record_applied(app, name)

    def _record_unapplied(self, migration: Migration) -> None:
        for app, name in [*migration.replaces, (migration.app_label, migration.name)]:
            self.recorder.record_unapplied(app, name)

    def _run(
        self,
        migration: Migration,
        step: Step,
        change: Callable[[Any], ProjectState],
        record: Callable[[], None],
    ) -> ProjectState:
        """`change` the schema and `record` it; both commit together if the migration is atomic."""
        self.patience.begin(f"Migration {migration}")

        def with_deferred(editor: Any) -> ProjectState:
            state = change(editor)
            # Django would run these after the record of the migration.
            while editor.deferred_sql:
                editor.execute(editor.deferred_sql[0], None)
                del editor.deferred_sql[0]
            return state

        changed = HeldBack(with_deferred) if migration.atomic else with_deferred

        def attempt() -> ProjectState:
            began = time.monotonic()
            self.statements.begin()
            with self.connection.schema_editor(atomic=migration.atomic) as editor:
                with self.connection.execute_wrapper(self.statements):
                    state = changed(editor)
                step.sql_sha256 = self.statements.digest()
                step.duration_ms = round((time.monotonic() - began) * 1000)
                step.attempts = self.patience.retries + 1
                step.lock_wait_ms = round(self.patience.lost_seconds * 1000)
                self._record(step, record)
            return state

        try:
            if migration.atomic:
                return self.patience.persist(attempt)
            with patient_operations(migration, self.connection, self.patience):
                return attempt()
        except BaseException as error:
            if self.history:
                step.attempts = self.patience.retries + 1
                step.lock_wait_ms = round(self.patience.lost_seconds * 1000)
                self.history.fail(step, error)
            raise
        finally:
            self.patience.close()

    def _record(self, step: Step, record: Callable[[], None]) -> None:
        with transaction.atomic(using=self.connection.alias, savepoint=False):
            record()
            if self.history:
                self.history.add(step)

    def _report(self, action: str, migration: Migration, fake: bool) -> None:
        if self.progress_callback:
            self.progress_callback(action, migration, fake)

    @contextmanager
    def short_time_outs(self) -> Iterator[None]:
        """Within the block the session waits for a lock for a moment only."""
        self._set_lock_timeout(LOCK_TIMEOUT_MS)
        try:
            yield
        finally:
            with suppress(psycopg.Error):
                self._set_lock_timeout(OWNER.timeouts.lock_timeout)

    def _set_lock_timeout(self, milliseconds: int) -> None:
        self.connection.ensure_connection()
        self.connection.connection.execute(f"SET lock_timeout = {milliseconds}")


def _step(migration: Migration, direction: Direction, result: StepResult) -> Step:
    return Step(
        app=migration.app_label,
        name=migration.name,
        direction=direction,
        result=result,
        source_sha256=source_digest(migration),
    )
