"""A migration's statements go to the server together: before, nothing is locked."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations import Migration, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.database.owner import connected_as_owner
from ops.migrating.executor import GuardedExecutor
from tests.databases import Database


class Look(Operation):
    """Does nothing but to call `look`."""

    def __init__(self, look: Callable[[], None]) -> None:
        self.look = look

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.look()


@pytest.fixture
def apply(live_database: Database) -> Iterator[Callable[..., None]]:
    """Applies a migration of these operations."""

    def run(*operations: Operation) -> None:
        migration = Migration("0001_probe", "probe")
        migration.operations = list(operations)  # type: ignore[misc]
        GuardedExecutor(connection).apply_migration(ProjectState(), migration)

    with connected_as_owner():
        live_database.rows("CREATE TABLE probe (n int)")
        yield run


def columns() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = 'probe'::regclass AND attnum > 0")
        return [name for (name,) in cursor.fetchall()]


def test_nothing_is_locked_between_two_operations(apply: Callable[..., None], live_database: Database) -> None:
    locks = "SELECT mode FROM pg_locks WHERE relation = 'probe'::regclass"
    seen = []
    apply(
        RunSQL("ALTER TABLE probe ADD COLUMN a int"),
        Look(lambda: seen.append(live_database.rows(locks))),
        RunSQL("ALTER TABLE probe RENAME COLUMN a TO b"),
    )
    assert seen == [[]]
    assert columns() == ["n", "b"]


def test_a_query_finds_what_was_done_before_it(apply: Callable[..., None]) -> None:
    seen = []
    apply(RunSQL("ALTER TABLE probe ADD COLUMN a int"), Look(lambda: seen.append(columns())))
    assert seen == [["n", "a"]]


def test_nothing_stays_of_a_migration_that_fails(apply: Callable[..., None]) -> None:
    with pytest.raises(Exception, match="does not exist"):
        apply(RunSQL("ALTER TABLE probe ADD COLUMN a int"), RunSQL("ALTER TABLE probe DROP COLUMN missing"))
    assert columns() == ["n"]
