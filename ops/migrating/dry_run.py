"""What a run would do: the SQL of each migration, and the lock of each statement."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.state import ProjectState

from ops.migrating.executor import GuardedExecutor
from ops.migrating.lock_modes import created_table, locks_taken, runs_code
from ops.migrating.splitting import plain_statements


class Shown(Exception):
    """Everything was shown, and nothing is to be run."""


@dataclass(frozen=True)
class PlannedStatement:
    """A statement (or a comment, for what is none), and in words which locks it takes on tables that are there."""

    sql: str
    locks: str


@dataclass(frozen=True)
class PlannedMigration:
    """A migration that would be applied, or unapplied (`backwards`), in one transaction if it is `atomic`."""

    name: str
    backwards: bool
    atomic: bool
    statements: list[PlannedStatement]


def planned(executor: GuardedExecutor, plan: list[tuple[Migration, bool]]) -> Iterator[PlannedMigration]:
    """Each migration of the plan with its statements; runs none of them."""
    state: ProjectState = executor._create_project_state(with_applied_migrations=True)
    created: set[str] = set()
    for migration, backwards in plan:
        with executor.connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            if backwards:
                before = executor.loader.project_state((migration.app_label, migration.name), at_end=False)
                migration.unapply(before, editor, collect_sql=True)
            else:
                state = migration.apply(state, editor, collect_sql=True)
        script = "\n".join(editor.collected_sql)
        found = []
        for statement in plain_statements(script):
            if table := created_table(statement):
                created.add(table)
            found.append(PlannedStatement(statement, _in_words(statement, created)))
        if not all(operation.reduces_to_sql for operation in migration.operations):
            found.append(PlannedStatement("-- Python code", "whatever its queries take"))
        yield PlannedMigration(str(migration), backwards, migration.atomic, found)


def _in_words(statement: str, created: set[str]) -> str:
    locks = [f"{taken.lock} on {taken.table}" for taken in locks_taken(statement) if taken.table not in created]
    if locks:
        return ", ".join(locks)
    return "whatever its functions take" if runs_code(statement) else "no lock that others meet"


def as_text(plan: Sequence[PlannedMigration]) -> Iterator[str]:
    """Lines of SQL, with comments."""
    for migration in plan:
        how = "one transaction" if migration.atomic else "statement by statement"
        yield f"-- {'Unapply' if migration.backwards else 'Apply'} {migration.name} ({how})"
        for statement in migration.statements:
            yield f"-- {statement.locks}"
            yield statement.sql if statement.sql.startswith("--") else f"{statement.sql};"
        yield ""
    if not plan:
        yield "-- Nothing to apply."


class DryRun(GuardedExecutor):
    """An executor that shows instead of running."""

    def __init__(self, *args: Any, show: Callable[[list[PlannedMigration]], None], **options: Any) -> None:
        super().__init__(*args, **options)
        self._show = show

    def migrate(self, targets: Any, plan: Any = None, *args: Any, **options: Any) -> Any:
        self._show(list(planned(self, plan if plan is not None else self.migration_plan(targets))))
        raise Shown
