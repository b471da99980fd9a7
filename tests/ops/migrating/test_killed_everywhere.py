"""`kill -9` of `migrate`, or of its server, at the boundary of any statement: the same command again finishes the work.

A chain of runs, each of which is killed at a boundary that none before it had reached: down to a database without our
tables, and up again. `MIGRATE_KILLS=all` takes every boundary (an hour); the suite takes a sample.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence, Set
from functools import partial
from typing import Any

import pytest

from ops.bench.cluster import Cluster, throwaway_cluster
from ops.drift import Catalog, differences, read_catalog
from ops.migrating.source import PROJECT_APPS
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


#: Every migration of the project rests on those of this app.
DOWN = ("database", "zero")


def chain(sample: int, ends: Sequence[Callable[[], None]], run: Callable[[Callable[[], None]], tuple[int, str]]) -> int:
    """Call `run` again and again, ended by each of `ends` in turn, until it is not; how often it was."""
    boundaries = Boundaries()
    for kills, distance in enumerate(distances(sample)):
        code, output = boundaries.meet(distance, ends[kills % len(ends)], run)
        if code == 0:
            print(f"{kills} kills at {len(boundaries.passed)} boundaries")  # noqa: T201 - shown by -rP
            return kills
        assert code == -signal.SIGKILL or "OperationalError" in output or "connection" in output, output
    raise AssertionError("there is no end of kills")


def test_the_command_killed(start: Start, fresh_database: Database) -> None:
    assert start().wait()[0] == 0  # the shop
    expected = catalog(fresh_database)
    assert chain(150, [kill_itself], lambda before: start(*DOWN, before=before).wait()) > 3
    assert_nothing_is_left(fresh_database)
    assert chain(150, [kill_itself], lambda before: start(before=before).wait()) > 3
    assert_as_if_never_killed(fresh_database, expected)


@pytest.fixture
def cluster(django_db_blocker: Any) -> Iterator[Cluster]:
    """A server that may be killed."""
    with django_db_blocker.unblock(), throwaway_cluster(MEMORY, template=False) as cluster:
        yield cluster


def test_the_server_killed(start: Start, cluster: Cluster) -> None:
    """Its whole, its first process, or one session, which makes it begin anew."""
    ends = [partial(kill, cluster) for kill in (kill_all, kill_postmaster, kill_backend)]
    with cluster.database("template0") as name:
        database = Database(name)

        def run(*arguments: str, before: Callable[[], None] = lambda: None) -> tuple[int, str]:
            result = start(*arguments, before=before, database=database).wait()
            restart(cluster)
            return result

        assert run()[0] == 0
        expected = catalog(database)
        assert chain(300, ends, lambda before: run(*DOWN, before=before)) > 2
        assert_nothing_is_left(database)
        assert chain(300, ends, lambda before: run(before=before)) > 2
        # A command that outlives its server may find it again in time to say that it has failed.
        assert_as_if_never_killed(database, expected, results={"done", "interrupted", "failed"})


def assert_nothing_is_left(database: Database) -> None:
    assert database.rows("SELECT app FROM django_migrations WHERE app = ANY (%s)", [[*PROJECT_APPS, "shop"]]) == []
    tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
    of_django = r"relname LIKE 'django\_%%' OR relname LIKE 'auth\_%%'"
    assert database.rows(f"{tables} AND NOT ({of_django})") == []


def catalog(database: Database) -> Catalog:
    with database.connect(owner=True) as connection:
        return read_catalog(connection, rows_of=WRITTEN_BY_MIGRATIONS)


def assert_as_if_never_killed(
    database: Database, expected: Catalog, *, results: Set[str] = frozenset({"done", "interrupted"})
) -> None:
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
    assert {row["result"] for row in database.rows("SELECT result FROM migration_runs")} <= results
