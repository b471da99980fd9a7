"""A rehearsal tells before what happens afterwards."""

import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command

from config.commands import UsageFailed, VerificationFailed
from config.database.scratch import Server
from ops.backup.tools import tools_for
from ops.rehearsal import rehearse
from tests.databases import Database, url

ROWS = 300_000
REWRITE = [
    "ALTER TABLE rehearsed ALTER COLUMN amount TYPE numeric(30, 10)",
    "COMMENT ON TABLE rehearsed IS 'wide; it''s been'",
    "DO $body$ BEGIN PERFORM 1; END $body$",
]
ALONE = [
    "CREATE INDEX CONCURRENTLY rehearsed_amount_idx ON rehearsed (amount)",
    "ALTER TABLE rehearsed ADD COLUMN note text",
    "UPDATE rehearsed SET note = '' WHERE id <= 10",
]


@pytest.fixture
def pending(live_database: Database, settings: LazySettings) -> Database:
    """A database with a table of its own and migrations of it that are still to come."""
    settings.MIGRATION_MODULES = {"sessions": "tests.ops.rehearsal.migrations"}
    live_database.rows(
        "CREATE TABLE rehearsed (id int PRIMARY KEY, amount numeric(24, 8) NOT NULL, filling text NOT NULL);"
        " GRANT SELECT, UPDATE ON rehearsed TO trading_app;"
        f" INSERT INTO rehearsed SELECT i, i, repeat('x', 60) FROM generate_series(1, {ROWS}) i"
    )
    return live_database


def leftovers() -> list[str]:
    with Server.of_settings().connect() as session:
        rows = session.execute("SELECT datname FROM pg_database WHERE datname ~ '^trading_rehearsal_'").fetchall()
    return [name for (name,) in rows if f"_{os.getpid()}_" in name]


class Writer(threading.Thread):
    """Updates one row every few milliseconds, and remembers the longest time that took."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database, self.longest_ms, self.ended = database, 0.0, threading.Event()

    def run(self) -> None:
        with self.database.connect() as connection:
            connection.execute("SET lock_timeout = 0")
            while not self.ended.wait(0.002):
                began = time.perf_counter()
                connection.execute("UPDATE rehearsed SET amount = amount + 1 WHERE id = 7")
                self.longest_ms = max(self.longest_ms, (time.perf_counter() - began) * 1000)

    def __enter__(self) -> "Writer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()


def test_predicted_stall_is_near_the_measured_one(pending: Database) -> None:
    tried = []
    for _ in range(4):  # other work on the machine may slow either of the two
        rehearsal = rehearse(app="sessions", name="0002")
        assert (rehearsal.source, rehearsal.error) == ("copy", None)
        assert [statement.sql for statement in rehearsal.statements] == REWRITE
        rewrite = rehearsal.statements[0]
        assert rewrite.rewrites == ["rehearsed", "rehearsed_pkey"]
        assert [(lock.table, lock.blocks) for lock in rewrite.blocking] == [("rehearsed", "reads and writes")]
        with Writer(pending) as writer:
            call_command("migrate", "sessions", "0002", verbosity=0)
        # What the command prints, the time-out of the lock included.
        predicted = rehearsal.longest_stall_ms
        tried.append((round(predicted), round(writer.longest_ms)))
        assert rewrite.held_ms > 100, "too quick to tell anything"
        if 0.5 <= predicted / writer.longest_ms <= 2:
            break
        call_command("migrate", "sessions", "0001", verbosity=0)
    else:
        pytest.fail(f"predicted and measured milliseconds: {tried}")
    assert leftovers() == []


def test_every_statement_is_traced_and_the_limit_is_an_exit_code(
    pending: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("migrate_rehearse", "sessions", "0003", json_output=True)
    result = json.loads(capsys.readouterr().out)
    assert [statement["sql"] for statement in result["statements"]] == REWRITE + ALONE
    assert result["migrations"] == ["sessions.0002_rewrite", "sessions.0003_alone"]
    index, alter, update = result["statements"][3:]
    assert index["locks"] == [
        {"table": "rehearsed", "mode": "ShareUpdateExclusiveLock", "blocks": None, "partitions": 0}
    ]
    assert (index["stall_ms"], alter["rewrites"], update["rows"]) == (0, [], 10)
    assert {lock["mode"]: lock["blocks"] for lock in update["locks"]}["RowLocks"] == "writes to those rows"
    assert (
        alter["held_ms"]
        < result["statements"][0]["held_ms"]
        == pytest.approx(result["longest_stall_ms"] - result["statements"][0]["lock_wait_ms"], abs=0.2)
    )

    with pytest.raises(VerificationFailed, match="Others would wait for"):
        call_command("migrate_rehearse", "sessions", "0003", markdown=True, max_stall=1)
    page = capsys.readouterr().out
    assert "| sessions.0002_rewrite | `ALTER TABLE rehearsed ALTER COLUMN amount" in page
    assert "ACCESS EXCLUSIVE on rehearsed; rewrites rehearsed; rewrites rehearsed_pkey |" in page
    assert leftovers() == []
    # Nothing has happened to the database itself.
    assert pending.rows("SELECT count(*) AS n FROM django_migrations WHERE app = 'sessions'") == [{"n": 1}]


def test_failing_migration_is_told_and_leaves_nothing(pending: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(
        VerificationFailed, match=r"sessions\.0004_fails failed: check constraint .none_check. of relation"
    ):
        call_command("migrate_rehearse")
    assert "ALTER TABLE rehearsed ADD COLUMN note text" in capsys.readouterr().out
    assert leftovers() == []


def test_database_in_use_is_rehearsed_by_its_structure(pending: Database) -> None:
    with pending.connect():
        rehearsal = rehearse(app="sessions", name="0002")
    assert (rehearsal.source, rehearsal.error) == ("structure", None)
    assert [statement.sql for statement in rehearsal.statements] == REWRITE
    assert rehearsal.statements[0].rewrites == ["rehearsed", "rehearsed_pkey"]
    # Guessed from the size of the real table, some 30 MB.
    assert rehearsal.stall_ms(0) - rehearsal.statements[0].stall_ms > 500
    assert leftovers() == []


def test_backup_is_rehearsed_with_its_rows(pending: Database, tmp_path: Path) -> None:
    pending.rows("DELETE FROM rehearsed WHERE id > 1000")
    with pending.connect(owner=True) as connection:
        tools = tools_for(connection.info.server_version)
    subprocess.run(
        [tools.program("pg_dump"), "--format=directory", f"--file={tmp_path / 'dump'}", url(pending.name, owner=True)],
        check=True,
    )
    with pending.connect():  # in use, which does not matter
        rehearsal = rehearse(backup=str(tmp_path / "dump"), app="sessions", name="0003")
    assert (rehearsal.source, rehearsal.error) == ("backup", None)
    assert [statement.sql for statement in rehearsal.statements] == REWRITE + ALONE
    assert rehearsal.statements[-1].rows == 10
    assert leftovers() == []


def test_nothing_pending_and_wrong_names_are_said(
    live_database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("migrate_rehearse")
    assert capsys.readouterr().out == "Nothing is pending.\n"
    with pytest.raises(UsageFailed, match="has no toc"):
        call_command("migrate_rehearse", from_backup=str(tmp_path))
    assert leftovers() == []
