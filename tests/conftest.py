"""Fixtures of the whole suite. The database is always a real one; nothing about it is replaced."""

import itertools
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import Error as DatabaseError
from django.db import connection, connections, transaction

from tests import databases

REAL_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
_numbers = itertools.count(1)


def _suffix() -> str:
    return f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}_{next(_numbers)}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """Each worker's own clone; tests log in as the application, not as the owner of the tables."""
    default = connections["default"]
    before = dict(default.settings_dict)
    stack = ExitStack()
    with django_db_blocker.unblock():
        database = stack.enter_context(databases.clone(_suffix()))
        default.close()
        options = {**before["OPTIONS"], "options": databases.login(database.name)["options"]}
        default.settings_dict.update({"NAME": database.name, "OPTIONS": options})
    # A test that asks for no database fixture has no database.
    yield
    with django_db_blocker.unblock():
        default.close()
        default.settings_dict.update(before)
        stack.close()


@pytest.fixture
def fresh_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[databases.Database]:
    """A migrated database of the test's own, for what commits, races or changes the schema."""
    with django_db_blocker.unblock(), databases.clone(_suffix()) as database:
        yield database


@pytest.fixture
def empty_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[databases.Database]:
    """A database without any table."""
    with django_db_blocker.unblock(), databases.empty(_suffix()) as database:
        yield database


@pytest.fixture
def live_database(fresh_database: databases.Database, django_db_blocker: Any) -> Iterator[databases.Database]:
    """As `fresh_database`, with Django's own connection on it and no transaction around the test."""
    default = connections["default"]
    with django_db_blocker.unblock():
        default.close()
        before = default.settings_dict["NAME"]
        default.settings_dict["NAME"] = fresh_database.name
        yield fresh_database
        default.close()
        default.settings_dict["NAME"] = before


Sql = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def sql(db: None) -> Sql:
    """Plain SQL as the application's role, in the test's transaction; returns rows as dictionaries."""

    def run(statement: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            if cursor.description is None:
                return []
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return run


@pytest.fixture
def owner_sql(django_db_setup: None, django_db_blocker: Any) -> Sql:
    """Plain SQL as the owner of the tables, each statement its own transaction."""
    database = databases.Database(str(connections["default"].settings_dict["NAME"]))

    def run(statement: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        return database.rows(statement, parameters, owner=True)

    return run


@pytest.fixture
def as_owner(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The whole test, its transaction included, as the owner of the tables: for rows that nobody else may write."""
    default = connections["default"]
    before = dict(default.settings_dict)
    login = databases.login(str(before["NAME"]), owner=True)
    with django_db_blocker.unblock():
        default.close()
        default.settings_dict.update(
            {
                "USER": login.get("user", ""),
                "PASSWORD": login.get("password", ""),
                "OPTIONS": {**before["OPTIONS"], "options": login["options"]},
            }
        )
        yield
        default.close()
        default.settings_dict.update(before)


@pytest.fixture
def refused() -> Callable[[str], AbstractContextManager[None]]:
    """`with refused("orders_quantity_positive_check"): sql(…)`: PostgreSQL must refuse, and for that reason.

    The reason is the constraint's name or, where the error carries none, a part of its message.
    """

    @contextmanager
    def context(reason: str) -> Iterator[None]:
        with pytest.raises((DatabaseError, psycopg.Error)) as caught, transaction.atomic():  # noqa: PT012
            yield
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        error = caught.value.__cause__ if isinstance(caught.value, DatabaseError) else caught.value
        assert isinstance(error, psycopg.Error)
        # A partition's unique index has a name of its own; the parent's is in the table's.
        name = error.diag.constraint_name or ""
        assert name == reason or re.search(re.escape(reason), str(error)), f"refused, but by {name or error}"

    return context


@pytest.fixture
def real_data() -> Path:
    """The folder of real market data beside the project; tests that need it skip where it is missing."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real market data: {REAL_DATA} is missing")
    return REAL_DATA
