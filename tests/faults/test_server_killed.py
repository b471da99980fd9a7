"""`kill -9` of PostgreSQL in the middle of a simulated day: what was acknowledged is there, exactly once."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from config.database.roles import BACKEND_LOGIN, MIGRATOR_LOGIN
from ops.bench.cluster import Cluster, throwaway_cluster
from ops.simulation.acknowledged import reconcile
from ops.verification.books import verify_books
from tests.databases import PROJECT
from tests.servers import kill_all, kill_backend, kill_postmaster, restart

CLIENTS = 4


@pytest.fixture(scope="module")
def cluster(django_db_blocker: Any) -> Iterator[Cluster]:
    with django_db_blocker.unblock(), throwaway_cluster() as cluster:
        with psycopg.connect(cluster.server.admin_conninfo(), autocommit=True) as admin:
            # What a killed process has written, the kernel has; waiting for the disk would buy nothing.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
        yield cluster


@pytest.fixture
def market(cluster: Cluster, django_db_blocker: Any) -> Iterator[str]:
    """A seeded database with quotes on the server that will be killed; Django uses it, too."""
    with django_db_blocker.unblock(), cluster.database() as name:
        for symbol in ("GBPUSD", "USDJPY"):
            options = {"provider": "OANDA", "instrument": symbol, "format": "simulated", "count": 1000, "verbosity": 0}
            with open(os.devnull, "w") as nowhere:
                call_command("import_quotes", **options, stdout=nowhere)
        yield name


@contextmanager
def simulated_day(cluster: Cluster, database: str, file: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A day of four clients in processes of their own, which is under way."""
    command = [sys.executable, "manage.py", "simulate_trading", "--clients", str(CLIENTS), "--json", "--noinput"]
    with subprocess.Popen(
        [*command, "--acknowledged", str(file), *arguments],
        env={
            **os.environ,
            "DATABASE_URL": cluster.server.url(user=BACKEND_LOGIN, database=database),
            "MIGRATE_DATABASE_URL": cluster.server.url(user=MIGRATOR_LOGIN, database=database),
        },
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], file: Path, lines: int) -> None:
    """Until so many events were acknowledged."""
    while not file.exists() or file.read_bytes().count(b"\n") < lines:
        if process.poll() is not None:
            pytest.fail(f"The day ended before {lines} events: {process.communicate()}")
        time.sleep(0.01)


KILLS: list[tuple[int, Callable[[Cluster], None]]] = [(200, kill_postmaster), (500, kill_all), (800, kill_backend)]


def test_clients_that_wait_for_the_server_book_every_event_once(cluster: Cluster, market: str, tmp_path: Path) -> None:
    """Killed three times; each client tries the event that he was at again, with the same key."""
    file = tmp_path / "acknowledged.jsonl"
    connection.close()
    with simulated_day(cluster, market, file, "--orders", "400", "--seed", "3", "--reconnect", "60") as process:
        for lines, kill_some in KILLS:
            wait_for(process, file, lines)
            kill_some(cluster)
            restart(cluster)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    day = json.loads(output)
    # Every client was at work when the first two kills came.
    assert day["reconnects"] >= 2 * CLIENTS
    assert day["gave_up"] == []
    refused = sum(sum(reasons.values()) for reasons in day["refused"].values())
    assert sum(day["accepted"].values()) + refused + day["skipped"] == day["planned"]
    acknowledged = [json.loads(line) for line in file.read_text().splitlines()]
    assert Counter(line["kind"] for line in acknowledged) == day["accepted"]
    assert reconcile(file) == []
    assert verify_books().broken == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders WHERE client_order_id LIKE %s", [f"{day['run']}-%"])
        assert cursor.fetchone()[0] == day["accepted"]["submit_order"]
        cursor.execute("SELECT count(*) FROM order_fills WHERE execution_id LIKE %s", [f"{day['run']}-%"])
        assert cursor.fetchone()[0] == day["accepted"]["apply_fill"]


def test_what_was_acknowledged_before_the_crash_is_there_after_it(
    cluster: Cluster, market: str, tmp_path: Path
) -> None:
    """The clients end with the server: of each at most the event is there whose answer was lost."""
    file = tmp_path / "acknowledged.jsonl"
    connection.close()
    with simulated_day(cluster, market, file, "--orders", "4000", "--seed", "4") as process:
        wait_for(process, file, 300)
        kill_all(cluster)
        restart(cluster)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "clients gave up; what was acknowledged stays" in errors
    day = json.loads(output)
    assert len(day["gave_up"]) == CLIENTS
    differences = reconcile(file)
    assert all(difference.found == difference.acknowledged + 1 for difference in differences), differences
    assert len({difference.key for difference in differences}) <= CLIENTS
    assert len(file.read_text().splitlines()) == sum(day["accepted"].values()) >= 300
    assert verify_books().broken == 0
