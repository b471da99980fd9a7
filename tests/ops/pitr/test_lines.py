"""The log after a recovery, after it was stopped, and with parts that are missing or damaged."""

import os
import shutil
import signal
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from config.commands import Failed, Locked, VerificationFailed
from config.database.embedded import EmbeddedServer
from ops.pitr import base, recover, stream
from ops.pitr.archive import SLOT, Archive
from ops.pitr.recover import left_out, prepare, recover_embedded
from tests.disks import filled, small_disk
from tests.ops.pitr.hands import connect, numbers
from tests.servers import wait_until


@pytest.fixture(autouse=True)
def table(server: EmbeddedServer) -> None:
    with closing(connect(server)) as session:
        session.execute("CREATE TABLE written (number int PRIMARY KEY)")


def put(server: EmbeddedServer, archive: Archive, *new: int) -> datetime:
    """Insert numbers, each in a segment of its own; returns a moment after them, when the archive has all."""
    with closing(connect(server)) as session:
        for number in new:
            session.execute("INSERT INTO written (number) VALUES (%s)", [number])
            session.execute("SELECT pg_switch_wal()")
        moment: datetime = session.execute("SELECT clock_timestamp() + '50 ms', pg_sleep(0.1)").fetchone()[0]  # type: ignore[index]
    deadline = time.monotonic() + 20
    while stream.receiver(archive) and stream.status(archive)["lag_bytes"] != 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return moment


def test_a_recovered_server_is_received_again_and_can_go_back_in_both_lines(
    server: EmbeddedServer, archive: Archive
) -> None:
    stream.start(archive, synchronous=False)
    base.take(archive, incremental=False)
    early = put(server, archive, 1, 2)
    late = put(server, archive, 3, 4, 5)
    put(server, archive, 6)
    recover_embedded(archive, early)
    assert numbers(server) == {1, 2}
    started = stream.start(archive, synchronous=False)
    assert started["streaming"]
    assert started["needs_base"]
    assert left_out(archive, base.all_of(archive)[-1])
    put(server, archive, 10)
    assert not base.take(archive, incremental=False).parent
    assert not stream.status(archive)["needs_base"]
    assert left_out(archive, base.all_of(archive)[-1]) is None
    middle = put(server, archive, 11)
    put(server, archive, 12)
    for until, expected in ((middle, {1, 2, 10, 11}), (None, {1, 2, 10, 11, 12}), (late, {1, 2, 3, 4, 5})):
        recover_embedded(archive, until)
        assert numbers(server) == expected


def test_pruning_keeps_the_log_that_a_younger_base_in_another_line_needs(
    server: EmbeddedServer, archive: Archive
) -> None:
    """Its segments have lower numbers than those of the older one, which was far ahead when the server went back."""
    stream.start(archive, synchronous=False)
    base.take(archive, incremental=False)
    early = put(server, archive, 1)
    put(server, archive, 2, 3, 4, 5, 6, 7, 8)
    ahead = base.take(archive, incremental=False)
    put(server, archive, 9)
    recover_embedded(archive, early)
    stream.start(archive, synchronous=False)
    younger = base.take(archive, incremental=False)
    put(server, archive, 20, 21)
    assert base.first_segment(younger)[8:] < base.first_segment(ahead)[8:]
    base.prune(archive, keep=2)
    assert base.all_of(archive) == [ahead, younger]
    recover_embedded(archive, None)
    assert numbers(server) == {1, 20, 21}
    base.prune(archive, keep=1)
    assert [log.name for log in archive.logs()] == [younger.log]


def test_a_log_that_was_stopped_and_lost_is_begun_anew(server: EmbeddedServer, archive: Archive) -> None:
    stream.start(archive, synchronous=False)
    base.take(archive, incremental=False)
    put(server, archive, 1)
    stream.stop(archive, keep_slot=False)
    put(server, archive, 2, 3, 4)
    with closing(connect(server)) as session:
        session.execute("CHECKPOINT")
        session.execute("CHECKPOINT")
    put(server, archive, 5)
    assert stream.start(archive, synchronous=False)["needs_base"]
    base.take(archive, incremental=False)
    put(server, archive, 6)
    recover_embedded(archive, None)
    assert numbers(server) == {1, 2, 3, 4, 5, 6}


def test_a_slot_that_the_server_has_given_up_is_made_anew(server: EmbeddedServer, archive: Archive) -> None:
    stream.start(archive, synchronous=False)
    os.kill(stream.receiver(archive) or 0, signal.SIGKILL)
    with closing(connect(server)) as session:
        session.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'")
        session.execute("ALTER SYSTEM SET max_wal_size = '32MB'")
        session.execute("ALTER SYSTEM SET min_wal_size = '32MB'")
        session.execute("SELECT pg_reload_conf()")
        for _ in range(8):
            session.execute("CREATE TABLE waste AS SELECT 1")
            session.execute("DROP TABLE waste")
            session.execute("SELECT pg_switch_wal()")
        session.execute("CHECKPOINT")
        assert session.execute("SELECT wal_status FROM pg_replication_slots").fetchone() == ("lost",)
    assert stream.start(archive, synchronous=False)["streaming"]


def test_with_a_clock_that_was_set_back_the_newest_base_is_still_the_newest(
    server: EmbeddedServer, archive: Archive
) -> None:
    stream.start(archive, synchronous=False)
    first = base.take(archive, incremental=False)
    about = first.path / base.ABOUT
    ahead = (first.ended_at + timedelta(hours=1)).isoformat()
    about.write_text(about.read_text().replace(first.ended_at.isoformat(), ahead))
    second = base.take(archive, incremental=False)
    assert second.id != first.id
    assert base.prune(archive, keep=1) == [first.id]
    assert base.all_of(archive) == [second]
    assert about.stat().st_mode & 0o077 == 0 if about.exists() else True


def test_receiving_goes_on_after_its_disk_was_full(server: EmbeddedServer) -> None:
    disk = server.root.with_name("small")
    with small_disk(disk, "200m"):
        archive = Archive.below(disk / "backups")
        try:
            stream.start(archive, synchronous=False)
            base.take(archive, incremental=False)
            with filled(disk):
                # Room for a part of a segment.
                os.truncate(disk / "filler", (disk / "filler").stat().st_size - 5_000_000)
                with closing(connect(server)) as session:
                    session.execute("INSERT INTO written (number) VALUES (1)")
                    session.execute("SELECT pg_switch_wal()")
                    session.execute("INSERT INTO written (number) VALUES (2)")
                wait_until(lambda: not stream.status(archive)["streaming"])
            stream.start(archive, synchronous=False)
            put(server, archive, 3)
            recover_embedded(archive, None)
            assert numbers(server) == {1, 2, 3}
        finally:
            stream.stop(archive, keep_slot=False)


def test_a_start_that_fails_leaves_nothing_that_the_server_keeps_its_log_for(
    server: EmbeddedServer, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.pitr.archive.Tools.program", lambda tools, name: "/bin/false")
    with pytest.raises(Failed, match="does not receive"):
        stream.start(archive, synchronous=False)
    with closing(connect(server)) as session:
        assert session.execute("SELECT slot_name FROM pg_replication_slots").fetchall() == []
    assert not archive.pid_file.exists()


def test_a_server_with_tablespaces_is_refused(server: EmbeddedServer, archive: Archive) -> None:
    """The recovered server would write into the tablespace of the one that it was copied from."""
    place, owner = server.root.with_name("more"), server.status().data_dir.stat()
    place.mkdir(mode=0o700)
    os.chown(place, owner.st_uid, owner.st_gid)
    with closing(connect(server)) as session:
        session.execute(f"CREATE TABLESPACE more LOCATION '{place}'")
        with pytest.raises(Failed, match=r"has tablespaces \(more\)"):
            base.take(archive, incremental=False)
        session.execute("DROP TABLESPACE more")
    assert not list(archive.bases.iterdir())
    base.take(archive, incremental=False)


def test_what_nothing_can_be_built_on_is_told(server: EmbeddedServer, archive: Archive) -> None:
    with closing(connect(server)) as session:
        if session.info.server_version < 170_000:
            pytest.skip("incremental base backups take PostgreSQL 17")
    base.take(archive, incremental=False)
    put(server, archive, 1, 2)
    with closing(connect(server)) as session:
        session.execute("CHECKPOINT")
    stream.start(archive, synchronous=False)
    with pytest.raises(Failed, match=r"Nothing can be built on .* make a full one"):
        base.take(archive, incremental=True)


@pytest.mark.parametrize("fault", ["missing", "damaged"])
def test_the_end_is_not_where_a_segment_is_missing_or_damaged(
    server: EmbeddedServer, archive: Archive, tmp_path: Path, fault: str
) -> None:
    stream.start(archive, synchronous=False)
    base.take(archive, incremental=False)
    moment = put(server, archive, 1, 2)
    put(server, archive, 3, 4, 5)
    [*_, victim, _] = sorted(archive.log_of("000001").glob("?" * 24))
    if fault == "missing":
        victim.unlink()
        with pytest.raises(VerificationFailed, match="lacks what came after"):
            prepare(archive, None, tmp_path / "target")
    else:
        victim.write_bytes(b"\1" * victim.stat().st_size)
    with pytest.raises(Failed, match=r"lacks what came after|is damaged after"):
        recover_embedded(archive, None)
    assert numbers(server) == {1, 2, 3, 4, 5}
    recover_embedded(archive, moment)
    assert numbers(server) == {1, 2}


def test_a_segment_that_becomes_full_while_the_log_is_copied_is_copied(
    server: EmbeddedServer, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.start(archive, synchronous=False)
    base.take(archive, incremental=False)
    put(server, archive, 1)
    stream.stop(archive, keep_slot=True)
    copy = shutil.copy2

    def become_full_first(source: str | Path, target: str | Path) -> None:
        if Path(source).suffix == ".partial":
            Path(source).rename(Path(source).with_suffix(""))
        copy(source, target)

    monkeypatch.setattr("ops.pitr.recover.shutil.copy2", become_full_first)
    [partial] = archive.log_of("000001").glob("*.partial")
    prepare(archive, None, tmp_path / "target")
    assert (tmp_path / "target" / "pg_wal" / partial.stem).exists()


def test_what_is_being_restored_is_not_pruned(server: EmbeddedServer, archive: Archive) -> None:
    stream.start(archive, synchronous=False)
    first = base.take(archive, incremental=False)
    second = base.take(archive, incremental=False)
    with base.reading(first.path), pytest.raises(Locked, match="is in use"):
        base.prune(archive, keep=1)
    assert base.all_of(archive) == [first, second]
    with closing(connect(server)) as session:
        assert session.execute("SELECT slot_name FROM pg_replication_slots").fetchall() == [(SLOT,)]
    assert recover.choose(archive, None) == second
