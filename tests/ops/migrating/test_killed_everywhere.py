"""`kill -9` of `migrate`, or of its server, at the boundary of any statement: the same command again finishes the work.

A chain of runs, each of which is killed at a boundary that none before it had reached. `MIGRATE_KILLS=all` takes every
boundary (three thousand: half an hour); the suite takes a sample.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.bench.cluster import Cluster, throwaway_cluster
from ops.drift import Catalog, differences, read_catalog
from tests.databases import Database
from tests.ops.drift.conftest import WRITTEN_BY_MIGRATIONS
from tests.ops.migrating.boundaries import Boundaries
from tests.ops.migrating.conftest import Start
from tests.servers import MEMORY, kill_all, kill_backend, kill_postmaster, restart

EVERY = os.environ.get("MIGRATE_KILLS") == "all"


def distances(sample: int) -> Iterator[int]:
    """How many new boundaries on the next kill comes: about `sample`, or at each of them."""
    chance = random.SystemRandom()
    while True:
        yield 1 if EVERY else chance.randint(1, 2 * sample)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_command_killed(start: Start, empty_database: Database, fresh_database: Database) -> None:
    assert start(database=fresh_database).wait()[0] == 0  # the shop
    boundaries = Boundaries()
    for kills, distance in enumerate(distances(120)):  # noqa: B007 - read after the loop
        code, output = boundaries.meet(
            distance, kill_itself, lambda before: start(before=before, database=empty_database).wait()
        )
        if code == 0:
            break
        assert code == -signal.SIGKILL, output
    print(f"{kills} kills at {len(boundaries.passed)} boundaries")  # noqa: T201 - shown by -rP
    assert kills > 5
    assert_as_if_never_killed(empty_database, catalog(fresh_database))


@pytest.fixture
def cluster(django_db_blocker: Any) -> Iterator[Cluster]:
    """A server that may be killed."""
    with django_db_blocker.unblock(), throwaway_cluster(MEMORY, template=False) as cluster:
        yield cluster


def test_the_server_killed(start: Start, cluster: Cluster) -> None:
    """Its whole, its first process, or one session, which makes it begin anew."""
    ways: list[Callable[[Cluster], None]] = [kill_all, kill_postmaster, kill_backend]
    boundaries = Boundaries()
    with cluster.database("template0") as whole:
        assert start(database=Database(whole)).wait()[0] == 0
        expected = catalog(Database(whole))
    with cluster.database("template0") as name:
        for kills, distance in enumerate(distances(300)):
            kill = ways[kills % len(ways)]
            code, output = boundaries.meet(
                distance,
                lambda kill=kill: kill(cluster),
                lambda before: start(before=before, database=Database(name)).wait(),
            )
            if code == 0:
                break
            assert "OperationalError" in output or "connection" in output, output
            restart(cluster)
        print(f"{kills} kills at {len(boundaries.passed)} boundaries")  # noqa: T201 - shown by -rP
        assert kills > 2
        assert_as_if_never_killed(Database(name), expected)


def catalog(database: Database) -> Catalog:
    with database.connect(owner=True) as connection:
        return read_catalog(connection, rows_of=WRITTEN_BY_MIGRATIONS)


def assert_as_if_never_killed(database: Database, expected: Catalog) -> None:
    found = catalog(database)
    assert differences(expected, found) == []
    assert database.rows("SELECT app, name FROM django_migrations GROUP BY app, name HAVING count(*) > 1") == []
    # Written in the same transaction as the record, or accepted where that was before there was a history.
    assert (
        database.rows(
            "SELECT app, name FROM django_migrations FULL JOIN migration_steps USING (app, name)"
            " GROUP BY app, name HAVING count(*) FILTER (WHERE result IN ('applied', 'accepted')) <> 1"
        )
        == []
    )
    assert {row["result"] for row in database.rows("SELECT result FROM migration_runs")} <= {"done", "interrupted"}
