"""A disk that is full, of the backups or of the server: exit code 6, and everything that was there still is."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest

from ops.backup import dump, restore, room
from ops.backup.check import damage
from ops.backup.dump import back_up
from ops.backup.store import Backup, Store
from ops.bench.cluster import Cluster, throwaway_cluster
from tests.databases import Database
from tests.disks import filled, small_disk
from tests.ops.backup.conftest import Answer
from tests.servers import MEMORY, raise_counter, restart

LIVE = "trading_live"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with throwaway_cluster(MEMORY, template=False) as cluster:
        raise_counter(cluster.server)
        yield cluster


@pytest.fixture(scope="module")
def good(broker: Database, cluster: Cluster) -> Iterator[tuple[Store, Backup]]:
    """A backup, and what it was made of restored on a server of the module's own, which Django uses from here on."""
    with tempfile.TemporaryDirectory(prefix="trading-test-", dir=MEMORY) as folder:
        store = Store(Path(folder) / "backups")
        backup = back_up(store, label="good")
        with cluster.used_by_django(LIVE):
            restore.restore(store, backup)
            yield store, backup


def test_a_full_disk_is_told_and_the_last_good_backup_stays(
    good: tuple[Store, Backup], settings: Any, manage: Callable[..., Answer], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    small = tmp_path / "small"
    # Room for two, by the page.
    pages = sum(file["bytes"] // 4096 + 2 for file in good[1].sound["files"].values())
    with small_disk(small, f"{2 * pages * 4}k"):
        settings.BACKUP_DIR = small / "backups"
        store = Store(settings.BACKUP_DIR)
        # As when somebody else fills the disk after the look at what is free.
        monkeypatch.setattr(dump, "_require_space", lambda store, tables: None)
        first = back_up(store, label="first")
        with filled(small):
            assert "free some space" in failed_with_6(manage("backup_db"))
            os.truncate(small / "filler", max(0, (small / "filler").stat().st_size - 400_000))
            assert "free some space" in failed_with_6(manage("backup_db"))
            with (small / "filler").open("ab", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))
            assert "free some space" in failed_with_6(manage("verify_backup", "first", "--quick"))
        assert [each.id for each in store.all()] == ["first"]
        assert damage(first) == []
        assert not list(store.folder.glob(".incomplete-*"))
        assert manage("verify_backup", "first", "--quick").returncode == 0


def failed_with_6(answer: Answer) -> str:
    assert answer.returncode == 6, answer
    assert answer.stdout == ""
    return answer.stderr


def test_an_encrypted_backup_that_finds_no_room_to_be_opened_says_nothing_about_itself(
    good: tuple[Store, Backup], settings: Any, manage: Callable[..., Answer], tmp_path: Path
) -> None:
    identity = pyrage.x25519.Identity.generate()
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(str(identity))
    settings.BACKUP_RECIPIENTS, settings.BACKUP_IDENTITY_FILE = [str(identity.to_public())], str(key)
    small = tmp_path / "small"
    with small_disk(small, "24m"):
        settings.BACKUP_DIR = small / "backups"
        store = Store(settings.BACKUP_DIR)
        back_up(store, label="secret")
        with filled(small):
            failed_with_6(manage("restore_db", "secret", "--as", "nowhere"))
        assert not list(store.folder.glob(".opened-*"))
        assert damage(store.get("secret")) == []
        assert store.get("secret").sound["last_drill"] is None


@pytest.fixture
def small_server_disk(cluster: Cluster) -> Iterator[Path]:
    """New databases of the server go to a disk that holds an empty one, and little else."""
    folder = Path(tempfile.mkdtemp(prefix="trading-test-", dir=MEMORY))
    folder.chmod(0o755)
    disk = folder / "disk"
    try:
        with small_disk(disk, "22m"):
            owner = cluster.server.status().data_dir.stat()
            (disk / "space").mkdir(mode=0o700)
            os.chown(disk / "space", owner.st_uid, owner.st_gid)
            with psycopg.connect(cluster.server.admin_conninfo(), autocommit=True) as admin:
                admin.execute(f"CREATE TABLESPACE small LOCATION '{disk / 'space'}'")  # type: ignore[call-overload]
                admin.execute("ALTER DATABASE template0 SET TABLESPACE small")
                try:
                    yield disk
                finally:
                    admin.execute("ALTER DATABASE template0 SET TABLESPACE pg_default")
                    admin.execute("DROP TABLESPACE small")
    finally:
        shutil.rmtree(folder)


def as_it_is(cluster: Cluster) -> list[tuple[Any, ...]]:
    """All databases, and what is in the live one."""
    with closing(cluster.connect("postgres")) as session:
        found = session.execute("SELECT oid, datname, datallowconn FROM pg_database ORDER BY 1").fetchall()
    with closing(cluster.connect(LIVE)) as session:
        return [*found, *session.execute("SELECT count(*), sum(balance) FROM accounts").fetchall()]


RESTORES = (
    ["restore_db", "good", f"--confirm={LIVE}"],
    ["restore_db", "good", "--as", "nowhere"],
    ["verify_backup", "good"],
)


def test_a_server_that_has_no_room_is_told_before_anything_begins(
    cluster: Cluster, good: tuple[Store, Backup], small_server_disk: Path, settings: Any,
    manage: Callable[..., Answer],
) -> None:  # fmt: skip
    store, _ = good
    settings.BACKUP_DIR = store.folder
    before = as_it_is(cluster)
    for command in (["restore_db", "good", "--plan"], *RESTORES):
        assert f"{small_server_disk}" in failed_with_6(manage(*command))
        assert as_it_is(cluster) == before
    # Not even the backup was made that comes before a restore.
    assert [each.id for each in store.all()] == ["good"]
    assert store.get("good").sound["last_drill"] is None


@pytest.mark.usefixtures("small_server_disk")
def test_a_server_whose_disk_is_full_in_the_middle_of_a_restore_has_the_live_database_as_it_was(
    cluster: Cluster, good: tuple[Store, Backup], settings: Any, manage: Callable[..., Answer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    store, _ = good
    settings.BACKUP_DIR = store.folder
    before = as_it_is(cluster)
    # As when somebody else fills the disk after the look at what is free.
    monkeypatch.setattr(room, "require_space", lambda session, manifest: None)
    for command in RESTORES:
        without_backup = ["--no-backup"] if command[0] == "restore_db" else []
        assert "the disk is full" in failed_with_6(manage(*command, *without_backup))
        assert as_it_is(cluster) == before
    assert store.get("good").sound["last_drill"] is None
    assert damage(store.get("good")) == []


@pytest.mark.parametrize("left", [4, 12, 24])
def test_a_server_that_has_no_room_for_its_log_has_the_live_database_when_it_runs_again(
    good: tuple[Store, Backup], left: int, settings: Any, manage: Callable[..., Answer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Data and log of the server on one disk, with so many megabytes left when the restore begins."""
    store, backup = good
    settings.BACKUP_DIR = store.folder
    monkeypatch.setattr(room, "require_space", lambda session, manifest: None)
    folder = Path(tempfile.mkdtemp(prefix="trading-test-", dir=MEMORY))
    folder.chmod(0o755)
    disk = folder / "disk"
    try:
        with (
            small_disk(disk, "600m"),
            throwaway_cluster(str(disk), template=False) as small,
            small.used_by_django(LIVE),
        ):
            raise_counter(small.server)
            restore.restore(store, backup)
            before = as_it_is(small)
            filler = disk / "filler"
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, free - left * 1_000_000)
            answer = manage("restore_db", "good", "--as", "nowhere")
            assert answer.returncode in (3, 6), answer
            assert answer.stdout == ""
            filler.unlink()
            restart(small)
            assert manage("restore_db", "good", "--as", "nowhere").returncode == 0
            with closing(small.connect("postgres")) as session:
                session.execute("DROP DATABASE nowhere")
            assert as_it_is(small) == before
    finally:
        shutil.rmtree(folder)
