"""`list_backups --check`: the monitor is told in time, and by a file that Prometheus reads."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.backup import listing
from ops.backup.check import check
from ops.backup.dump import back_up
from ops.backup.store import Backup, Store
from ops.backup.watch import complaint, metrics, write_metrics
from tests.databases import Database
from tests.ops.backup.conftest import Answer
from tests.ops.backup.test_prune_backups import NOW, made

DAY = timedelta(hours=26)


def test_a_verified_backup_that_is_young_enough_is_all_that_is_asked() -> None:
    assert complaint([made(10), made(1)], max_age=DAY, now=NOW) is None


def test_what_is_wrong_is_said() -> None:
    said = [
        complaint([], max_age=DAY, now=NOW),
        complaint([made(0, check=False)], max_age=DAY, now=NOW),
        complaint([made(2)], max_age=DAY, now=NOW),
        complaint([made(2), made(0, check=False)], max_age=DAY, now=NOW),
        complaint([made(-2)], max_age=DAY, now=NOW),
    ]
    assert said[0] == "There is no backup: make one with backup_db, and prove it with verify_backup."
    assert said[1] == "No backup is verified: run verify_backup latest."
    assert said[2] == "The last verified backup, of-2, is 48.0 hours old. Make one, and verify it."
    assert said[3] is not None
    assert "1 newer is not verified" in said[3]
    assert said[4] is not None
    assert "is from the future: the clock was set back" in said[4]
    unread = Backup("of-0", Path("of-0"), None, "The manifest of of-0 is signed.")
    assert complaint([unread], max_age=DAY, now=NOW) == unread.problem


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("26h", 93600), ("8d", 691200)])
def test_durations_are_read(text: str, seconds: int) -> None:
    assert listing.duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "5", "xh", "-1h", "nanh", "1e9d", "26 h"])
def test_what_is_no_duration_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration like 26h or 8d"):
        listing.duration(text)


def test_the_metrics_are_those_of_the_backups(broker: Database, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "trading.prom"
    write_metrics(path, store.all())
    assert "trading_backups 0" in path.read_text().splitlines()
    first = back_up(store)
    check(store, first)
    back_up(store)
    victim = back_up(store)
    (victim.path / "manifest.json").unlink()
    numbers = metrics(store.all())
    assert (numbers["backups"], numbers["backups_damaged"]) == (2, 1)
    assert numbers["last_good_backup_timestamp_seconds"] == first.created_at.timestamp()
    assert "last_drilled_backup_timestamp_seconds" not in numbers
    assert numbers["last_backup_rows"] >= first.rows
    write_metrics(path, store.all())
    lines = path.read_text().splitlines()
    assert f"trading_last_good_backup_timestamp_seconds {first.created_at.timestamp():.17g}" in lines
    assert [entry.name for entry in tmp_path.iterdir() if "prom" in entry.name] == ["trading.prom"]


def test_a_link_to_a_backup_is_none(kept: tuple[Store, Backup], settings: Any, manage: Callable[..., Answer]) -> None:
    store, backup = kept
    settings.BACKUP_DIR = store.folder
    link = store.folder / "link"
    link.symlink_to(backup.path)
    try:
        assert [each.id for each in store.all()] == [backup.id]
        for command in (["verify_backup", "link", "--quick"], ["restore_db", "link", "--plan"]):
            answer = manage(*command)
            assert (answer.returncode, "is a link" in answer.stderr) == (2, True)
    finally:
        link.unlink()


def test_the_command_exits_with_4_when_the_last_verified_backup_is_too_old(
    broker: Database, store: Store, manage: Callable[..., Answer]
) -> None:
    backup = back_up(store)
    check(store, backup)
    file = store.folder.parent / "m.prom"
    fine = manage("list_backups", "--check", "--metrics", str(file), "--json")
    assert fine.returncode == 0, fine.stderr
    result = json.loads(fine.stdout)
    assert (result["problem"], [each["id"] for each in result["backups"]]) == (None, [backup.id])
    assert "trading_backups 1" in file.read_text()
    late = manage("list_backups", "--check", "--max-age", "0s")
    assert late.returncode == 4
    assert f"The last verified backup, {backup.id}, is 0.0 hours old." in late.stderr
    assert manage("list_backups", "--max-age", "26").returncode == 2
    assert datetime.now(UTC) - backup.created_at < timedelta(minutes=5)


@pytest.mark.parametrize(
    "arguments",
    [["list_backups"], ["list_backups", "--check"], ["verify_backup", "latest"], ["verify_backup", "x"],
     ["restore_db", "latest", "--plan"], ["prune_backups"], ["backup_db"]],
    ids=" ".join,
)  # fmt: skip
def test_a_file_in_the_place_of_the_folder_is_no_empty_folder(
    manage: Callable[..., Answer], store: Store, arguments: list[str]
) -> None:
    store.folder.touch()
    answer = manage(*arguments, "--json")
    assert (answer.returncode, answer.stdout) == (3, ""), answer
    assert answer.stderr == f"{store.folder} is no folder: set BACKUP_DIR to one.\n"
