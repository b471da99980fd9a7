"""Thirty days in which no backup succeeds: every run says so, nothing piles up, and the last good backup stays."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ops.backup.check import damage
from ops.backup.dump import back_up
from ops.backup.store import Store
from tests.databases import PROJECT, Database
from tests.ops.backup.conftest import Answer
from tests.ops.backup.test_prune_backups import aged

DAYS = 30


def killed_backup(broker: Database, store: Store) -> None:
    """A run that is killed in its middle; it leaves its folder."""
    before = set(store.folder.glob(".incomplete-*"))
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "manage.py"), "backup_db"],
        env=broker.environment(BACKUP_DIR=str(store.folder)),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not set(store.folder.glob(".incomplete-*")) - before:
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()


def failed_backup(day: int, broker: Database, settings: Any, manage: Callable[..., Answer]) -> int:
    """Another reason every day; returns the exit code."""
    reason = day % 3
    recipients, programs = settings.BACKUP_RECIPIENTS, settings.POSTGRES_BIN_DIR
    try:
        if reason == 0:
            settings.BACKUP_RECIPIENTS = ["age1nonsense"]
        elif reason == 1:
            settings.POSTGRES_BIN_DIR = Path("/nonexistent")
        with broker.connect(owner=True, autocommit=False) as migration:
            if reason == 2:
                migration.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            return manage("backup_db", "--lock-wait=0.05").returncode
    finally:
        settings.BACKUP_RECIPIENTS, settings.POSTGRES_BIN_DIR = recipients, programs


def test_thirty_days_of_failing_backups_leave_the_last_good_one_and_no_pile(
    broker: Database, store: Store, manage: Callable[..., Answer], settings: Any
) -> None:
    back_up(store, label="older")
    back_up(store, label="last")
    codes = set()
    for day in range(1, DAYS + 1):
        # The days go by: what there is gets old.
        aged(store.get("older"), 7 + day)
        aged(store.get("last"), day)
        if day % 5 == 0:
            killed_backup(broker, store)
        else:
            codes.add(failed_backup(day, broker, settings, manage))
        # A killed run leaves its folder, which the next one clears.
        assert len(list(store.folder.glob(".incomplete-*"))) <= 1
        watched = manage("list_backups", "--check", "--max-age=26h")
        assert watched.returncode == (0 if day == 1 else 4), watched.stderr
        pruned = manage("prune_backups", "--json")
        assert (pruned.returncode, json.loads(pruned.stdout)["removed"]) == (0, [])
    assert codes == {3, 5}
    everything = ["--keep-days=0", "--keep-weekly=0", "--keep-monthly=0", "--keep-minimum=1"]
    pruned = manage("prune_backups", *everything, "--json")
    assert json.loads(pruned.stdout)["removed"] == ["older"]
    assert [each.id for each in store.all()] == ["last"]
    assert damage(store.get("last")) == []
    # And when the cause is mended, the next run is a backup again, with nothing of the old ones beside it.
    assert manage("backup_db", "--name=again").returncode == 0
    assert [each.id for each in store.all()] == ["last", "again"]
    assert not list(store.folder.glob(".*-*"))
