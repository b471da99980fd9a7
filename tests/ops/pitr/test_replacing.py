"""The data folder is replaced while clients come back, and by commands that end on the way."""

import os
import shutil
import threading
import time
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from config.commands import Locked
from config.database.embedded import EmbeddedServer, EmbeddedServerError, lock
from ops.pitr import base, recover, stream
from ops.pitr.archive import Archive
from ops.pitr.recover import recover_embedded
from tests.ops.pitr.hands import connect, numbers


@pytest.fixture
def begun(server: EmbeddedServer, archive: Archive) -> EmbeddedServer:
    """The server with a row, a base backup, and a row after it."""
    with closing(connect(server)) as session:
        session.execute("CREATE TABLE written (number int PRIMARY KEY)")
        stream.start(archive, synchronous=False)
        base.take(archive, incremental=False)
        session.execute("INSERT INTO written (number) VALUES (1)")
        while stream.status(archive)["lag_bytes"] != 0:
            time.sleep(0.02)
    return server


def servers_on(folder: Path) -> list[int]:
    """Processes that work in a data folder."""
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and os.readlink(process / "cwd") == str(folder):
                found.append(int(process.name))
    return found


def test_clients_that_come_back_never_start_the_old_folder_again(
    begun: EmbeddedServer, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they wrote into a folder that was put aside would be lost."""
    enough, acquire = threading.Event(), lock._acquire

    def late(descriptor: int, path: Path) -> None:
        if threading.current_thread() is threading.main_thread():
            time.sleep(0.2)  # as where there are many clients
        acquire(descriptor, path)

    monkeypatch.setattr(lock, "_acquire", late)

    def come_back() -> None:
        while not enough.is_set():
            with suppress(EmbeddedServerError, psycopg.Error):
                begun.ensure_running()
                with closing(connect(begun)) as session:
                    session.execute("SELECT pg_sleep(0.01)")

    clients = [threading.Thread(target=come_back) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        recovered = recover_embedded(archive, None)
    finally:
        enough.set()
        for client in clients:
            client.join()
    assert servers_on(Path(str(recovered.aside))) == []
    assert servers_on(Path(recovered.folder)) != []
    assert numbers(begun) == {1}


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaying stops before its end, until it is told to go on."""
    instruct = recover._instruct

    def pause(data: Path, until: datetime | None) -> None:
        instruct(data, until)
        with (data / "postgresql.auto.conf").open("a") as file:
            file.write("recovery_target = 'immediate'\nrecovery_target_action = 'pause'\n")

    monkeypatch.setattr(recover, "_instruct", pause)


def go_on(server: EmbeddedServer) -> None:
    with closing(psycopg.connect(server.admin_conninfo(), autocommit=True)) as session:
        assert session.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        session.execute("SELECT pg_wal_replay_resume()")


@pytest.mark.usefixtures("paused")
def test_a_base_backup_of_older_code_is_provisioned_once_it_takes_writes(
    server: EmbeddedServer, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = recover._wait_until_replayed

    def resumed(server: EmbeddedServer, whole: Path | None) -> None:
        go_on(server)
        wait(server, None)

    with closing(psycopg.connect(server.admin_conninfo(), autocommit=True)) as session:
        session.execute("DROP DATABASE test_trading")
    stream.start(archive, synchronous=False)
    base.take(archive, incremental=False)
    monkeypatch.setattr(recover, "_wait_until_replayed", resumed)
    monkeypatch.setattr("config.database.embedded.server._FINGERPRINT", "of newer code")
    recover_embedded(archive, None)
    with closing(psycopg.connect(server.admin_conninfo("test_trading"))):
        assert (server.status().data_dir / "trading_provisioned").read_text() == "of newer code"


def test_a_folder_that_was_put_aside_is_not_followed_by_an_empty_one(begun: EmbeddedServer) -> None:
    """As where a command was killed between putting the old folder aside and putting the new one there."""
    begun.stop()
    data = begun.status().data_dir
    aside = data.rename(data.with_name("data.before-20260504T140259Z"))
    with pytest.raises(EmbeddedServerError, match=r"data\.before-20260504T140259Z"):
        begun.ensure_running()
    assert not data.exists()
    aside.rename(data)
    begun.ensure_running()
    assert numbers(begun) == {1}


def test_an_end_while_the_log_is_replayed_puts_the_old_folder_back(
    begun: EmbeddedServer, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(server: EmbeddedServer, whole: Path | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recover, "_wait_until_replayed", interrupted)
    with closing(connect(begun)) as session:
        session.execute("INSERT INTO written (number) VALUES (2)")
    with pytest.raises(KeyboardInterrupt):
        recover_embedded(archive, None)
    assert numbers(begun) == {1, 2}


def test_one_restore_at_a_time_replaces_the_data_folder(begun: EmbeddedServer, archive: Archive) -> None:
    with recover.alone(begun), pytest.raises(Locked, match="in use by another restore_db"):
        recover_embedded(archive, None)
    assert numbers(begun) == {1}


def test_a_folder_whose_restore_was_killed_and_that_cannot_start_says_where_the_old_one_is(
    begun: EmbeddedServer,
) -> None:
    begun.stop()
    data = begun.status().data_dir
    aside = data.with_name("data.before-20260504T140259Z")
    shutil.copytree(data, aside)
    (data / "recovery.signal").touch()  # and no restore_command, without which it does not start
    with pytest.raises(EmbeddedServerError, match=rf"A restore was killed here: .* put {aside} in its place"):
        begun.ensure_running()
