"""The data folder is gone, and everything up to a moment comes back."""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections

from config.commands import Failed, UsageFailed, VerificationFailed, entry
from config.database.embedded import EmbeddedServer, EmbeddedServerError
from config.database.embedded.socket_folder import PORT
from ops.pitr import base, stream
from ops.pitr.archive import SLOT, Archive
from ops.pitr.recover import choose, moment, prepare, recover_embedded
from tests.servers import MEMORY


@pytest.fixture
def server(settings: Any, django_db_blocker: Any) -> Iterator[EmbeddedServer]:
    """An embedded server of the test's own, that the settings lead to."""
    folder = Path(tempfile.mkdtemp(prefix="trading-test-", dir=MEMORY))
    # The server's own user must get in.
    folder.chmod(0o755)
    embedded = settings.EMBEDDED_DATABASE or {}
    bin_dir = embedded.get("BIN_DIR") or settings.POSTGRES_BIN_DIR
    server = EmbeddedServer(folder / "server", bin_dir=bin_dir)
    place = {"HOST": str(server.socket_dir), "PORT": str(PORT), "PASSWORD": ""}
    default = connections["default"]
    before = dict(default.settings_dict)
    with django_db_blocker.unblock():
        default.close()
        try:
            server.ensure_running()
            default.settings_dict.update(place | {"NAME": "trading", "USER": "trading_backend", "EMBEDDED": None})
            settings.OWNER_DATABASE = {**settings.OWNER_DATABASE, **place, "USER": "trading_migrator"}
            settings.ADMIN_DATABASE = {**place, "USER": "postgres"}
            settings.EMBEDDED_DATABASE = {"ROOT": server.root, "BIN_DIR": bin_dir}
            yield server
        finally:
            default.close()
            default.settings_dict.update(before)
            server.stop("immediate")
            shutil.rmtree(folder)


@pytest.fixture
def archive(server: EmbeddedServer) -> Iterator[Archive]:
    archive = Archive.below(server.root.parent / "backups")
    yield archive
    if (pid := stream.receiver(archive)) is not None:
        os.kill(pid, signal.SIGINT)
        while stream.receiver(archive) is not None:
            time.sleep(0.02)


def connect(server: EmbeddedServer) -> psycopg.Connection:
    return psycopg.connect(server.admin_conninfo("trading"), autocommit=True)


class Writer(threading.Thread):
    """Inserts numbers, and notes each with the time when the server had said yes."""

    def __init__(self, server: EmbeddedServer) -> None:
        super().__init__()
        self.server = server
        self.acknowledged: dict[int, float] = {}
        self.enough = threading.Event()

    def run(self) -> None:
        with suppress(psycopg.Error), closing(connect(self.server)) as session:
            number = 0
            while not self.enough.is_set():
                number += 1
                session.execute("INSERT INTO written (number) VALUES (%s)", [number])
                self.acknowledged[number] = time.time()

    def wait_for(self, more: int) -> None:
        aim = len(self.acknowledged) + more
        while len(self.acknowledged) < aim and self.is_alive():
            time.sleep(0.01)


def destroy(server: EmbeddedServer) -> float:
    """`kill -9` of every process of the server, then the data folder is deleted; returns when."""
    status = server.status()
    pids = [status.pid or 0]
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if int((folder / "stat").read_text().rpartition(") ")[2].split()[1]) == status.pid:
                    pids.append(int(folder.name))
    when = time.time()
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while server.status().running:
        time.sleep(0.01)
    shutil.rmtree(status.data_dir)
    return when


def numbers(server: EmbeddedServer) -> set[int]:
    with closing(connect(server)) as session:
        return {number for (number,) in session.execute("SELECT number FROM written")}


def test_nothing_acknowledged_is_lost_with_the_data_folder(server: EmbeddedServer, archive: Archive) -> None:
    """Synchronous: a full base backup, an incremental one where there are such, and the log until the last moment."""
    with closing(connect(server)) as session:
        session.execute("CREATE TABLE written (number int PRIMARY KEY)")
        version = session.info.server_version
    started = stream.start(archive, synchronous=True)
    assert started["streaming"]
    assert stream.start(archive, synchronous=True)["pid"] == started["pid"]
    base.take(archive, incremental=False)
    writer = Writer(server)
    writer.start()
    writer.wait_for(200)
    if version >= 170_000:
        newest = base.take(archive, incremental=True)
        assert [link.parent for link in base.chain(archive, newest)] == [None, newest.parent]
    writer.wait_for(200)
    status = stream.status(archive)
    assert status["synchronous"]
    destroy(server)
    writer.join()
    recovered = recover_embedded(archive, None)
    found = numbers(server)
    assert len(writer.acknowledged) >= 400
    assert set(writer.acknowledged) - found == set()
    # One insert may have been received without its answer.
    assert len(found) <= len(writer.acknowledged) + 1
    assert recovered.aside is None
    with closing(connect(server)) as session:
        # A commit waits for nobody now.
        assert session.execute("SHOW synchronous_standby_names").fetchone() == ("",)
        session.execute("INSERT INTO written (number) VALUES (-1)")


def test_without_waiting_at_most_a_second_is_lost_and_any_moment_can_be_gone_back_to(
    server: EmbeddedServer, archive: Archive, tmp_path: Path
) -> None:
    with closing(connect(server)) as session:
        session.execute("CREATE TABLE written (number int PRIMARY KEY)")
    with pytest.raises(UsageFailed, match="No base backup"):
        choose(archive, None)
    stream.start(archive, synchronous=False)
    first = base.take(archive, incremental=False)
    with pytest.raises(UsageFailed, match="is old enough"):
        choose(archive, first.ended_at - timedelta(seconds=1))
    writer = Writer(server)
    writer.start()
    writer.wait_for(100)
    with closing(connect(server)) as session:
        session.execute("SELECT pg_sleep(0.05)")
        (until,) = session.execute("SELECT clock_timestamp()").fetchone() or (None,)
        session.execute("SELECT pg_sleep(0.05)")
        later = numbers(server)
    writer.wait_for(100)
    killed_at = destroy(server)
    writer.join()
    recover_embedded(archive, None)
    lost = set(writer.acknowledged) - numbers(server)
    assert all(writer.acknowledged[number] > killed_at - 1 for number in lost)
    # Now back to the moment in between; the folder of the last recovery is kept beside.
    recovered = recover_embedded(archive, until)
    assert recovered.aside is not None
    assert Path(recovered.aside).is_dir()
    found = numbers(server)
    assert {number for number, when in writer.acknowledged.items() if when < until.timestamp()} <= found < later
    # A byte of the base backup that is another: nothing is replaced.
    victim = next(path for path in (first.data / "base").rglob("*") if path.is_file() and path.stat().st_size > 8192)
    content = bytearray(victim.read_bytes())
    content[5000] ^= 1
    victim.write_bytes(bytes(content))
    with pytest.raises(VerificationFailed, match="is damaged"):
        recover_embedded(archive, None)
    with pytest.raises(VerificationFailed, match="is damaged"):
        prepare(archive, None, tmp_path / "target")
    assert not list(tmp_path.glob("target*"))
    assert numbers(server) == found


@pytest.mark.parametrize("when", ["while it starts", "once it can be asked"])
def test_a_recovery_that_cannot_reach_its_moment_puts_the_old_folder_back(
    server: EmbeddedServer, archive: Archive, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    with closing(connect(server)) as session:
        session.execute("CREATE TABLE written (number int PRIMARY KEY)")
    stream.start(archive, synchronous=False)
    base.take(archive, incremental=False)
    stream.stop(archive, keep_slot=False)
    with closing(connect(server)) as session:
        session.execute("INSERT INTO written (number) VALUES (1)")
        assert session.execute("SELECT FROM pg_replication_slots WHERE slot_name = %s", [SLOT]).fetchall() == []
    time.sleep(0.1)
    if when == "once it can be asked":  # which of the two comes first is left to chance
        start, starts = EmbeddedServer.ensure_running, iter([True])

        def start_or_pass(self: EmbeddedServer) -> None:
            with suppress(EmbeddedServerError) if next(starts, False) else nullcontext():
                start(self)

        monkeypatch.setattr(EmbeddedServer, "ensure_running", start_or_pass)
    with pytest.raises(Failed, match="the server is as it was: the log ends before"):
        recover_embedded(archive, datetime.now(UTC))
    assert numbers(server) == {1}


@pytest.mark.parametrize("text", ["yesterday", "2026-05-04 14:00", "2999-01-01T00:00:00+00:00"])
def test_a_moment_without_zone_or_to_come_is_refused(text: str) -> None:
    with pytest.raises(UsageFailed):
        moment(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["pitr"],
        ["pitr", "--start", "--stop"],
        ["pitr", "--status", "--synchronous"],
        ["pitr", "--base", "--keep-slot"],
        ["pitr", "--start", "--incremental"],
        ["pitr", "--prune", "--keep", "0"],
        ["restore_db"],
        ["restore_db", "latest", "--to-time", "end"],
        ["restore_db", "--rollback", "--to-time", "end"],
        ["restore_db", "latest", "--target", "/srv/before"],
        ["restore_db", "--to-time", "end", "--as", "copy"],
        ["restore_db", "--to-time", "end", "--migrate"],
        ["restore_db", "--rollback", "--no-backup"],
        ["restore_db", "--to-time", "end"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_fit_are_refused(arguments: list[str], settings: Any, tmp_path: Path) -> None:
    settings.BACKUP_DIR = tmp_path
    try:
        code = entry.run(["manage.py", *arguments])
    except SystemExit as end:
        code = end.code  # type: ignore[assignment]
    assert code == 2
    assert not list(tmp_path.rglob("base/*"))
