"""`kill -9` of `migrate` between its statements: the same command again finishes the work."""

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from tests.databases import Database

Migrate = Callable[..., tuple[int, str]]


def killed(statement: str, *, after: bool) -> Callable[[], None]:
    """The process ends where it comes to a statement that begins like this, or once that has run."""

    def wrapper(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        meant = re.match(statement, str(sql))
        if meant and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = execute(sql, params, many, context)
        if meant:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return lambda: connections["default"].execute_wrappers.append(wrapper)


#: Where the process ends: at a statement of each migration, and around its record.
PLACES = [
    ("in the first run's bookkeeping", "INSERT INTO migration_runs", True),
    ("after a deferred constraint", 'ALTER TABLE "shop_sale" ADD CONSTRAINT', True),
    ("after the change of data", "UPDATE shop_item", True),
    ("after an index", 'CREATE INDEX CONCURRENTLY "shop_item_price_idx"', True),
    ("after the column", 'ALTER TABLE "shop_item" ADD COLUMN', True),
    ("before the run's end is written", "UPDATE migration_runs SET finished_at", False),
]


@pytest.mark.parametrize(("statement", "after"), [place[1:] for place in PLACES], ids=[place[0] for place in PLACES])
def test_the_same_command_again_finishes(
    migrate: Migrate, fresh_database: Database, statement: str, after: bool
) -> None:
    code, output = migrate("shop", before=killed(statement, after=after))
    assert code == -signal.SIGKILL, output
    assert_whole(fresh_database)
    code, output = migrate("shop")
    assert code == 0, output
    assert fresh_database.rows("SELECT DISTINCT price, stock FROM shop_item") == [{"price": 11, "stock": 0}]
    assert fresh_database.rows("SELECT count(*) AS sales FROM shop_sale") == [{"sales": 20}]
    assert fresh_database.rows("SELECT 1 AS found FROM pg_index WHERE NOT indisvalid") == []
    applied = fresh_database.rows("SELECT name FROM django_migrations WHERE app = 'shop'")
    assert len(applied) == 4
    results = {row["result"] for row in fresh_database.rows("SELECT result FROM migration_runs")}
    assert results <= {"done", "interrupted"}


def assert_whole(database: Database) -> None:
    """What is recorded is there, and what is not is not; indexes aside, which are made without a transaction."""
    [found] = database.rows(
        "SELECT to_regclass('shop_item') IS NOT NULL AS items,"
        " exists (SELECT FROM pg_constraint WHERE conrelid = to_regclass('shop_sale') AND contype = 'f') AS key,"
        " exists (SELECT FROM pg_attribute WHERE attrelid = to_regclass('shop_item') AND attname = 'stock') AS stock"
    )
    applied = {row["name"][:4] for row in database.rows("SELECT name FROM django_migrations WHERE app = 'shop'")}
    assert found == {"items": "0001" in applied, "key": "0001" in applied, "stock": "0004" in applied}
    if "0001" in applied:
        [price] = database.rows("SELECT DISTINCT price FROM shop_item")
        assert price["price"] == (11 if "0002" in applied else 10)
    assert {row["name"][:4] for row in database.rows("SELECT name FROM migration_steps WHERE app = 'shop'")} == applied
