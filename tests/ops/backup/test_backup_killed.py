"""Backups and restores that are killed, or whose server is: nothing half-published, the live database as it was."""

import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from config.commands import Failed
from ops.backup import restore, swap
from ops.backup.check import damage
from ops.backup.drill import drill
from ops.backup.dump import back_up
from ops.backup.store import Backup, Store
from ops.bench.cluster import Cluster, throwaway_cluster
from tests.databases import Database
from tests.servers import MEMORY, raise_counter

#: Kills of each kind; `BACKUP_KILLS=20` for the long run.
KILLS = int(os.environ.get("BACKUP_KILLS", "2"))
ROWS = 40_000
chance = random.Random(int(os.environ.get("BACKUP_KILLS_SEED", "1")))


LIVE = "trading_live"


@pytest.fixture(scope="module")
def moved(broker: Database) -> Iterator[tuple[Store, Backup]]:
    """A backup of the suite's server, for the one that will be killed."""
    with tempfile.TemporaryDirectory(prefix="trading-test-", dir=MEMORY) as folder:
        store = Store(Path(folder) / "backups")
        yield store, back_up(store)


@pytest.fixture(scope="module")
def cluster(moved: tuple[Store, Backup]) -> Iterator[Cluster]:
    """A server of the module's own: killing one of its processes ends every session."""
    with throwaway_cluster(MEMORY, template=False) as cluster:
        with psycopg.connect(cluster.server.admin_conninfo(), autocommit=True) as admin:
            # What a killed process has written, the kernel has.
            admin.execute("ALTER SYSTEM SET fsync = off")
        raise_counter(cluster.server)  # which starts it anew
        yield cluster


@pytest.fixture(scope="module")
def live(cluster: Cluster, moved: tuple[Store, Backup]) -> Iterator[str]:
    """The backup, restored on the other server, with enough rows for a kill to come in the middle."""
    with cluster.used_by_django(LIVE):
        restored = restore.restore(*moved)
        assert (restored.database, restored.kept) == (LIVE, None)
        with cluster.connect(LIVE) as session:
            session.execute(
                "INSERT INTO system_events (event_type, message)"
                " SELECT 'error', repeat(md5(number::text), 8) FROM generate_series(1, %s) AS number",
                [ROWS],
            )
        yield LIVE


@pytest.fixture(scope="module")
def good(live: str) -> Iterator[tuple[Store, Backup]]:
    """The last good backup: it must survive everything here."""
    with tempfile.TemporaryDirectory(prefix="trading-test-", dir=MEMORY) as folder:
        store = Store(Path(folder) / "backups")
        yield store, back_up(store, label="good")


@contextmanager
def killed_after(seconds: float, work: Callable[[], object], begun: Callable[[], bool]) -> Iterator[None]:
    """Do the work in a process of its own, and `kill -9` it so long after it has begun."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            work()
        os._exit(0)
    while not begun() and os.waitpid(pid, os.WNOHANG) == (0, 0):
        time.sleep(0.005)
    time.sleep(seconds)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
    yield


def once_free(work: Callable[[], Any]) -> Any:
    """Try again while the programs of the killed run still hold what it held."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return work()
        except Failed:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def recovered(cluster: Cluster) -> None:
    """Wait until the server that lost a process takes connections again."""
    deadline, answers = time.monotonic() + 30, 0
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError), closing(cluster.connect("postgres")):
            answers += 1
            # The first may have come before it noticed.
            if answers == 5:
                return
        time.sleep(0.05)
    pytest.fail("the server did not come back")


def identity(cluster: Cluster, live: str) -> list[tuple[Any, ...]]:
    """Which database is the live one, if it is open, and how many rows it has."""
    with closing(cluster.connect("postgres")) as session:
        facts = session.execute("SELECT oid, datallowconn, datconnlimit FROM pg_database WHERE datname = %s", [live])
        found = facts.fetchall()
    with closing(cluster.connect(live)) as session:
        return [*found, *session.execute("SELECT count(*), sum(hashtext(message)) FROM system_events").fetchall()]


def test_a_killed_backup_is_no_backup(cluster: Cluster, live: str, good: tuple[Store, Backup]) -> None:
    store, _ = good
    for _ in range(KILLS):
        before = {each.id for each in store.all()}
        with killed_after(
            chance.uniform(0, 0.8), lambda: back_up(store), lambda: any(store.folder.glob(".incomplete-*"))
        ):
            # It was killed, or it had ended: then there is one more, and it is whole.
            for new in {each.id for each in store.all()} - before:
                assert damage(store.get(new)) == []
            assert damage(store.get("good")) == []
    after = once_free(lambda: back_up(store))
    assert damage(after) == []
    assert not list(store.folder.glob(".incomplete-*"))


def test_a_backup_whose_server_is_killed_is_no_backup(cluster: Cluster, live: str, good: tuple[Store, Backup]) -> None:
    store, _ = good
    for _ in range(KILLS):
        before = {each.id for each in store.all()}
        with killed_backend(cluster, live, chance.uniform(0.1, 0.5)) as killed:
            made = None
            with suppress(Failed, psycopg.Error):
                made = back_up(store)
            assert (made is None) is killed.is_set()
        recovered(cluster)
        if killed.is_set():
            assert {each.id for each in store.all()} == before
            assert not list(store.folder.glob(".incomplete-*"))
        assert damage(store.get("good")) == []


@contextmanager
def killed_backend(cluster: Cluster, database: str, seconds: float) -> Iterator[threading.Event]:
    """Kill one server process that works in a database of this name (or that begins so) after some seconds."""
    connections.close_all()
    killed, stop = threading.Event(), threading.Event()

    def kill() -> None:
        with (
            suppress(psycopg.Error),
            closing(psycopg.connect(cluster.server.admin_conninfo(), autocommit=True)) as admin,
        ):
            begun = 0.0
            while not stop.is_set():
                pids = admin.execute(
                    "SELECT pid FROM pg_stat_activity WHERE starts_with(datname, %s) AND state = 'active'"
                    " AND backend_type = 'client backend'",
                    [database],
                ).fetchall()
                begun = begun or (time.monotonic() if pids else 0.0)
                if pids and time.monotonic() - begun >= seconds:
                    os.kill(chance.choice(pids)[0], signal.SIGKILL)
                    killed.set()
                    return
                time.sleep(0.005)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        stop.set()
        killer.join()
        connections.close_all()


def test_a_restore_that_is_killed_leaves_the_live_database_open_and_as_it_was(
    cluster: Cluster, live: str, good: tuple[Store, Backup]
) -> None:
    store, backup = good
    before = identity(cluster, live)

    def restoring() -> bool:
        return is_restoring(cluster, live)

    for _ in range(KILLS):
        with killed_after(chance.uniform(0, 1.5), lambda: restore.restore(store, backup, pre_backup=False), restoring):
            with closing(cluster.connect("postgres")) as session:
                swapped = swap.put_aside(session, live)
            if swapped:  # it was quicker than the kill: put it back
                once_free(restore.roll_back)
                _drop_put_aside(live)
            assert identity(cluster, live) == before
    assert damage(once_free(lambda: back_up(store))) == []
    # What was half restored went with the next command.
    assert not restoring()


def is_restoring(cluster: Cluster, live: str) -> bool:
    """Whether something half restored is there."""
    with closing(cluster.connect("postgres")) as session:
        found = session.execute("SELECT FROM pg_database WHERE starts_with(datname, %s)", [f"{live}_restoring"])
        return found.fetchone() is not None


def _drop_put_aside(live: str) -> None:
    from ops.backup.retention import prune_databases

    prune_databases(live, days=-1, dry_run=False)


def test_a_restore_whose_server_is_killed_leaves_the_live_database_as_it_was(
    cluster: Cluster, live: str, good: tuple[Store, Backup]
) -> None:
    store, backup = good
    before = identity(cluster, live)
    for _ in range(KILLS):
        with (
            killed_backend(cluster, f"{live}_restoring", chance.uniform(0, 0.5)) as killed,
            pytest.raises((Failed, psycopg.Error, connection.Database.Error)),  # type: ignore[attr-defined]
        ):
            restore.restore(store, backup, pre_backup=False)
        assert killed.is_set()
        recovered(cluster)
        assert identity(cluster, live) == before
    assert drill(store, store.get("good"))["ok"]


def test_a_drill_that_the_server_cuts_short_says_nothing_about_the_backup(
    cluster: Cluster, live: str, good: tuple[Store, Backup]
) -> None:
    store, _ = good
    check = store.get("good").sound["last_drill"]
    with killed_backend(cluster, f"{live}_drill", 0.1) as killed, suppress(Failed, psycopg.Error):
        drill(store, store.get("good"))
    recovered(cluster)
    assert killed.is_set()
    assert store.get("good").sound["last_drill"] == check


@contextmanager
def crashing(cluster: Cluster, begun: Callable[[], bool]) -> Iterator[threading.Event]:
    """Kill the server's first process, as the kernel does when memory runs out, once the work has begun.

    It runs again when the block has ended.
    """
    connections.close_all()
    killed, stop = threading.Event(), threading.Event()

    def kill() -> None:
        while not stop.is_set():
            if begun():
                os.kill(cluster.server.status().pid or 0, signal.SIGKILL)
                killed.set()
                return
            time.sleep(0.005)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        stop.set()
        killer.join()
        connections.close_all()
        cluster.server.ensure_running()
        recovered(cluster)


def test_a_server_that_crashes_during_a_backup_leaves_no_backup(
    cluster: Cluster, live: str, good: tuple[Store, Backup]
) -> None:
    store, _ = good
    before = {each.id for each in store.all()}
    with (
        crashing(cluster, lambda: any(store.folder.glob(".incomplete-*/data/*.dat*"))) as killed,
        pytest.raises((Failed, psycopg.Error)),
    ):
        back_up(store)
    assert killed.is_set()
    assert {each.id for each in store.all()} == before
    assert not list(store.folder.glob(".incomplete-*"))
    assert damage(store.get("good")) == []


def test_a_server_that_crashes_during_a_restore_has_the_live_database_as_it_was(
    cluster: Cluster, live: str, good: tuple[Store, Backup]
) -> None:
    store, backup = good
    before = identity(cluster, live)
    with (
        crashing(cluster, lambda: is_restoring(cluster, live)) as killed,
        pytest.raises((Failed, psycopg.Error, connection.Database.Error)),  # type: ignore[attr-defined]
    ):
        restore.restore(store, backup, pre_backup=False)
    assert killed.is_set()
    assert identity(cluster, live) == before
    assert damage(once_free(lambda: back_up(store))) == []
    assert not is_restoring(cluster, live)
