"""A migration's statements go to the server together: before, nothing is locked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
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

    numbers = count(1)

    def run(*operations: Operation) -> None:
        migration = Migration(f"{next(numbers):04}_probe", "probe")
        migration.operations = list(operations)  # type: ignore[misc]
        executor = GuardedExecutor(connection)
        with executor.short_time_outs():
            executor.apply_migration(ProjectState(), migration)

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


def test_after_a_lost_lock_it_thinks_again_only_if_it_had_asked_the_database(
    apply: Callable[..., None], live_database: Database
) -> None:
    thoughts: list[list[str]] = []
    questions: list[list[str]] = []
    with read_for_a_while(live_database):
        apply(Look(lambda: thoughts.append([])), RunSQL("ALTER TABLE probe ADD COLUMN a int"))
    with read_for_a_while(live_database):
        apply(Look(lambda: questions.append(columns())), RunSQL("ALTER TABLE probe ADD COLUMN b int"))
    assert columns() == ["n", "a", "b"]
    assert thoughts == [[]]
    assert len(questions) > 1


@contextmanager
def read_for_a_while(database: Database) -> Iterator[None]:
    """A transaction that has read the table and ends after more than one lock time-out."""
    with database.connect(owner=True) as reader:
        reader.autocommit = False
        reader.execute("SELECT FROM probe")
        ending = threading.Timer(0.5, reader.rollback)
        ending.start()
        yield
        ending.join()
