"""Several deployers at once: each migration is applied once, and everybody is told that it is done."""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from config.commands import Locked
from config.database.locks import exclusive
from config.database.owner import connected_as_owner
from tests.databases import Database, clone
from tests.ops.migrating.conftest import Start

#: More rounds: MIGRATE_ROUNDS=50 pytest tests/ops/migrating/test_deployers.py
ROUNDS = int(os.environ.get("MIGRATE_ROUNDS", "1"))


def assert_applied_once(database: Database) -> None:
    applied = database.rows("SELECT name, count(*) AS rows FROM django_migrations WHERE app = 'shop' GROUP BY name")
    assert sorted((row["name"][:4], row["rows"]) for row in applied) == [(f"000{n}", 1) for n in range(1, 5)]
    steps = database.rows("SELECT name, result FROM migration_steps WHERE app = 'shop' ORDER BY id")
    assert [(step["name"][:4], step["result"]) for step in steps] == [(f"000{n}", "applied") for n in range(1, 5)]
    assert database.rows("SELECT price, count(*) AS items, min(stock) AS stock FROM shop_item GROUP BY price") == [
        {"price": 11, "items": 20, "stock": 0}
    ]
    assert database.rows("SELECT count(*) AS sales FROM shop_sale") == [{"sales": 20}]
    indexes = database.rows(
        "SELECT indisvalid FROM pg_index"
        " WHERE indexrelid IN ('shop_item_price_idx'::regclass, 'shop_item_dearest_idx'::regclass)"
    )
    assert indexes == [{"indisvalid": True}] * 2


@pytest.mark.parametrize("deployers", [2, 4])
def test_deployers_at_once_apply_everything_once(start: Start, deployers: int) -> None:
    for number in range(ROUNDS):
        with clone(f"deployers_{deployers}_{number}_{os.getpid()}_1") as database:
            running = [start(database=database) for _ in range(deployers)]
            ended = [deployer.wait() for deployer in running]
            assert [code for code, _ in ended] == [0] * deployers, ended
            assert sum("Applying shop.0002_prices... OK" in output for _, output in ended) == 1
            assert sum("No migrations to apply." in output for _, output in ended) == deployers - 1
            assert_applied_once(database)


def test_a_deployer_that_has_waited_long_enough_says_who_runs(
    migrate: Callable[..., tuple[int, str]], live_database: Database
) -> None:
    with connected_as_owner(), exclusive("migrate", what="Another migration") as holder:
        code, output = migrate("shop", "--lock-wait=0.2")
        assert code == Locked.returncode
        assert f"Another migration is running (process {holder.info.backend_pid}" in output
    assert live_database.rows("SELECT 1 AS found FROM django_migrations WHERE app = 'shop'") == []


def test_a_deployer_that_waits_holds_up_no_index(start: Start, live_database: Database) -> None:
    """CREATE INDEX CONCURRENTLY waits for every snapshot that is older."""
    with exclusive("migrate", what="Another migration"):
        waiting = start("shop")
        time.sleep(1)
        with live_database.connect(owner=True) as owner:
            owner.execute("SET statement_timeout = '5s'")
            owner.execute("CREATE INDEX CONCURRENTLY orders_probe_idx ON orders (created_at)")
    assert waiting.wait()[0] == 0


def test_pairs_that_an_older_version_left_become_one(
    migrate: Callable[..., tuple[int, str]], fresh_database: Database
) -> None:
    fresh_database.rows("DROP INDEX django_migrations_app_name_uniq")
    fresh_database.rows(
        "INSERT INTO django_migrations (app, name, applied) SELECT app, name, now() FROM django_migrations"
    )
    assert migrate("shop")[0] == 0
    pairs: list[dict[str, Any]] = fresh_database.rows(
        "SELECT app, name FROM django_migrations GROUP BY app, name HAVING count(*) > 1"
    )
    assert pairs == []
