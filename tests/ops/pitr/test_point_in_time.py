"""The data folder is gone, and everything up to a moment comes back."""

import time
from contextlib import closing, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.commands import Failed, UsageFailed, VerificationFailed, entry
from config.database.embedded import EmbeddedServer, EmbeddedServerError
from ops.pitr import base, stream
from ops.pitr.archive import SLOT, Archive
from ops.pitr.recover import choose, moment, prepare, recover_embedded
from tests.ops.pitr.hands import Writer, connect, destroy, numbers


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
    with pytest.raises(UsageFailed, match="No base backup is in"):
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
