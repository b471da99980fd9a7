"""The swap under clients that reconnect all the time: every acknowledged write is in the live or the kept database."""

import os
import threading
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from config.database.scratch import Server, create, drop, scratch_name
from ops.backup import swap
from tests import databases
from tests.databases import Database

#: `BACKUP_SWAP_ROUNDS=20` for the long run.
ROUNDS = int(os.environ.get("BACKUP_SWAP_ROUNDS", "3"))
WRITERS = 8


class Writer(threading.Thread):
    """Inserts a row, notes it when the server has said yes, and connects again whenever it is thrown out."""

    def __init__(self, database: str, stop: threading.Event) -> None:
        super().__init__()
        self.database, self.stop = database, stop
        self.acknowledged: list[str] = []
        self.longest = 0.0

    def run(self) -> None:
        last = time.monotonic()
        while not self.stop.is_set():
            with suppress(psycopg.Error), closing(psycopg.connect(**databases.login(self.database))) as session:
                session.autocommit = True
                while not self.stop.is_set():
                    key = str(uuid4())
                    session.execute("INSERT INTO system_events (event_type, message) VALUES ('error', %s)", [key])
                    self.acknowledged.append(key)
                    now = time.monotonic()
                    last, self.longest = now, max(self.longest, now - last)


def test_no_acknowledged_write_is_lost_in_a_swap(live_database: Database) -> None:
    server = Server.of_settings()
    if server.administrator is None:
        pytest.skip("no administrator is named (ADMIN_DATABASE_URL)")
    live = live_database.name
    stop = threading.Event()
    writers = [Writer(live, stop) for _ in range(WRITERS)]
    places, outages = [live], []
    for writer in writers:
        writer.start()
    try:
        for number in range(ROUNDS):
            incoming = scratch_name(f"{live[:30]}_swap")
            with databases.administration() as admin:
                create(admin, incoming, template=databases.ensure_template(admin))
            aim = sum(len(writer.acknowledged) for writer in writers) + 200
            while sum(len(writer.acknowledged) for writer in writers) < aim:
                time.sleep(0.01)
            kept = swap.aside(live, f"round{number}", datetime.now(UTC))
            outages.append(swap.swap(server, live=live, incoming=incoming, kept=kept))
            places.append(kept)
        time.sleep(0.2)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
        found = {row["message"] for name in places for row in Database(name).rows("SELECT message FROM system_events")}
        with closing(server.master()) as session:
            for name in places[1:]:
                drop(session, name)
    acknowledged = {key for writer in writers for key in writer.acknowledged}
    assert len(acknowledged) >= 200 * ROUNDS
    assert acknowledged - found == set()
    # A row more than was acknowledged: its answer was lost with the session.
    assert len(found - acknowledged) <= WRITERS * ROUNDS
    print(f"outages {sorted(round(1000 * each) for each in outages)} ms, {len(acknowledged)} writes")  # noqa: T201
    print(f"longest stall of a writer {1000 * max(writer.longest for writer in writers):.0f} ms")  # noqa: T201


def test_a_swap_that_is_refused_changes_nothing(live_database: Database) -> None:
    """As when the command is killed: what it did was one transaction."""
    server = Server.of_settings()
    if server.administrator is None:
        pytest.skip("no administrator is named (ADMIN_DATABASE_URL)")
    live = live_database.name
    with pytest.raises(psycopg.errors.InvalidCatalogName):
        swap.swap(server, live=live, incoming=f"{live[:40]}_not_there", kept=f"{live[:40]}_kept")
    with closing(server.connect()) as session:
        rows = session.execute(
            "SELECT datname, datallowconn, datconnlimit FROM pg_database WHERE starts_with(datname, %s)", [live]
        ).fetchall()
    assert rows == [(live, True, -1)]
    assert live_database.rows("SELECT 1 AS one", owner=False) == [{"one": 1}]
