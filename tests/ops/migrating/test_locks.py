"""A session that holds a lock for long: `migrate` comes back for it, and those who write hardly notice."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from config.commands import Locked
from tests.databases import Database
from tests.ops.migrating.conftest import Start

Migrate = Callable[..., tuple[int, str]]
REPORT = "SELECT sum(price) FROM shop_item -- a report"


@contextmanager
def report_running(database: Database) -> Iterator[Any]:
    """A transaction that has read the table, and has not ended."""
    with database.connect(autocommit=False, application_name="reporting") as session:
        session.execute(REPORT)
        yield session
        session.rollback()


@contextmanager
def writing(database: Database) -> Iterator[list[float]]:
    """A client that writes one row after the other; gives how long each write took, in seconds."""
    taken: list[float] = []
    done = Event()

    def write() -> None:
        with database.connect() as client:
            while not done.is_set():
                began = time.monotonic()
                client.execute("UPDATE shop_item SET price = price WHERE id = 1")
                taken.append(time.monotonic() - began)
                time.sleep(0.002)

    with ThreadPoolExecutor() as pool:
        writer = pool.submit(write)
        try:
            yield taken
        finally:
            done.set()
            writer.result()


def last_step(database: Database) -> dict[str, Any]:
    return database.rows("SELECT * FROM migration_steps WHERE app = 'shop' ORDER BY id DESC LIMIT 1")[0]


def test_a_long_report_stops_neither_the_writers_nor_the_migration(
    start: Start, migrate: Migrate, fresh_database: Database
) -> None:
    assert migrate("shop", "0003")[0] == 0
    with writing(fresh_database) as taken:
        with report_running(fresh_database):
            deployer = start("shop", "0004")
            time.sleep(3)
        released = time.monotonic()
        code, output = deployer.wait()
    assert code == 0, output
    assert time.monotonic() - released < 10
    assert len(taken) > 100
    # A lock time-out of 100 ms, and what a busy machine adds; the report alone would be 3 s.
    assert max(taken) < 0.5
    step = last_step(fresh_database)
    assert (step["name"], step["result"]) == ("0004_stock", "applied")
    assert step["attempts"] > 1
    assert step["lock_wait_ms"] > 500


def test_who_stands_in_the_way_for_too_long_is_named_and_left_alone(migrate: Migrate, fresh_database: Database) -> None:
    assert migrate("shop", "0003")[0] == 0
    with report_running(fresh_database) as session:
        code, output = migrate("shop", "0004", "--max-retry-time=0.5")
        assert session.execute("SELECT 1 AS alive").fetchone() == {"alive": 1}
        blocker = session.info.backend_pid
    assert code == Locked.returncode
    assert "Migration shop.0004_stock was given up after" in output
    assert f"a lock on shop_item that process {blocker} holds" in output
    assert "application reporting" in output
    assert f"its query: {REPORT}" in output
    assert "stock" not in {row["attname"] for row in fresh_database.rows("SELECT attname FROM pg_attribute")}
    step = last_step(fresh_database)
    assert (step["name"], step["result"]) == ("0004_stock", "failed")
    assert "was given up" in step["error"]
    [run] = fresh_database.rows("SELECT result, error FROM migration_runs ORDER BY started_at DESC LIMIT 1")
    assert (run["result"], run["error"]) == ("failed", step["error"])


def test_an_index_is_made_while_others_write_and_waits_for_old_transactions(
    start: Start, migrate: Migrate, fresh_database: Database
) -> None:
    """It has no time-out: nobody waits for it."""
    assert migrate("shop", "0002")[0] == 0
    with writing(fresh_database) as taken:
        with report_running(fresh_database):
            deployer = start("shop", "0003")
            time.sleep(1.5)
        assert deployer.wait()[0] == 0
    assert max(taken) < 0.5
    assert last_step(fresh_database)["attempts"] == 1


@pytest.mark.parametrize("target", ["0003", "0002"])
def test_a_step_back_waits_as_patiently(start: Start, migrate: Migrate, fresh_database: Database, target: str) -> None:
    assert migrate("shop")[0] == 0
    with report_running(fresh_database):
        deployer = start("shop", target)
        time.sleep(1)
    assert deployer.wait()[0] == 0
    steps = fresh_database.rows("SELECT name FROM migration_steps WHERE app = 'shop' AND result = 'unapplied'")
    assert len(steps) == 4 - int(target)
    applied = fresh_database.rows("SELECT max(name) AS last FROM django_migrations WHERE app = 'shop'")
    assert applied[0]["last"].startswith(target)
