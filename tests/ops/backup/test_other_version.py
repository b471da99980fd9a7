"""A backup made on PostgreSQL 15, by its own programs, comes back on a newer server, and never the other way round."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from config.database.embedded import binaries
from ops.backup import restore, tools
from ops.backup.drill import drill
from ops.backup.dump import back_up
from ops.backup.store import Backup, Store
from ops.bench.cluster import TEMPLATE, Cluster, throwaway_cluster
from tests.ops.backup.conftest import Answer
from tests.servers import MEMORY, raise_counter

OLD = 15
LIVE = "trading_moved"


def _programs(wanted: Callable[[int], bool]) -> Path:
    """The folder of an installed server of such a version; skips where there is none."""
    for folder in binaries.installed():
        version = binaries.version(folder)
        if version and wanted(binaries.major(version)):
            return folder
    pytest.skip(f"this computer has no PostgreSQL {OLD} and a newer one beside it (Debian: postgresql-{OLD})")


@pytest.fixture(scope="module")
def _any_programs(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Each server's own programs, whichever the suite was told to use."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr(project, "POSTGRES_BIN_DIR", None)
        yield


@pytest.fixture(scope="module")
def old(_any_programs: None) -> Iterator[Cluster]:
    """A small broker's server, in the database TEMPLATE."""
    with throwaway_cluster(MEMORY, bin_dir=_programs(lambda major: major == OLD)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def new(_any_programs: None) -> Iterator[Cluster]:
    with throwaway_cluster(MEMORY, template=False, bin_dir=_programs(lambda major: major > OLD)) as cluster:
        raise_counter(cluster.server)
        yield cluster


@pytest.fixture(scope="module")
def made(old: Cluster) -> Iterator[tuple[Store, Backup]]:
    with tempfile.TemporaryDirectory(prefix="trading-test-", dir=MEMORY) as folder:
        store = Store(Path(folder) / "backups")
        with old.used_by_django(TEMPLATE):
            yield store, back_up(store, label="old")


def test_the_old_server_s_own_programs_make_it_and_it_comes_back_there(
    old: Cluster, made: tuple[Store, Backup]
) -> None:
    store, backup = made
    about = backup.sound
    assert about["server"]["version_num"] // 10_000 == OLD
    assert about["tools"]["version"].startswith(f"{OLD}.")
    assert about["tools"]["compression"] == "gzip:1"
    assert {"data/toc.dat"} < about["files"].keys()
    assert all(name.endswith((".dat.gz", "toc.dat")) for name in about["files"])
    result = drill(store, backup)
    assert result["ok"], result["problems"]
    assert restore.restore(store, backup, name="beside").database == "beside"
    with closing(old.connect("beside")) as session:
        assert session.execute("SELECT count(*) FROM users").fetchone() == (about["tables"]["public.users"]["rows"],)


def _contents(backup: Backup) -> dict[str, tuple[int, str]]:
    """But for the log of what was done, as that the audit was verified."""
    tables = backup.sound["tables"]
    return {key: (tables[key]["rows"], tables[key]["hash"]) for key in tables if "system_events" not in key}


def test_it_comes_back_on_a_newer_server(new: Cluster, made: tuple[Store, Backup]) -> None:
    store, backup = made
    with new.used_by_django(LIVE):
        result = drill(store, backup)
        assert result["ok"], result["problems"]
        restored = restore.restore(store, backup)
        assert restored.proofs["audit"] == "holds"
        # What is live on the newer server now is backed up by the newer programs.
        after = back_up(store, label="after")
        assert after.sound["tools"]["compression"] == tools.tools_for(after.sound["server"]["version_num"]).compression
        assert _contents(after) == _contents(backup)


def test_one_of_a_newer_server_is_refused_by_an_older_one_before_anything_begins(
    old: Cluster, new: Cluster, made: tuple[Store, Backup], settings: Any, manage: Callable[..., Answer]
) -> None:
    store, _ = made
    settings.BACKUP_DIR = store.folder
    with new.used_by_django(LIVE):
        if not any(each.id == "after" for each in store.all()):
            restore.restore(store, store.get("old"))
            back_up(store, label="after")
    with closing(old.connect("postgres")) as session:
        before = session.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall()
        for command in (
            ["restore_db", "after", "--plan"],
            ["restore_db", "after", f"--confirm={TEMPLATE}"],
            ["restore_db", "after", "--as", "nowhere"],
            ["verify_backup", "after"],
        ):
            answer = manage(*command)
            assert (answer.returncode, answer.stdout) == (7, ""), answer
            assert f"this server is {OLD}" in answer.stderr
        assert session.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall() == before
    assert store.get("after").sound["last_drill"] is None
    # Reading every byte takes no server.
    assert manage("verify_backup", "after", "--quick").returncode == 0
