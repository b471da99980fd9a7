"""What is removed, and above all what is not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.commands import Locked, VerificationFailed
from ops.backup import manifest as manifests
from ops.backup.check import check
from ops.backup.dump import back_up
from ops.backup.retention import Policy, judge, prune
from ops.backup.store import Backup, Store
from tests.databases import Database
from tests.ops.backup.conftest import Answer

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {"at": "2026-01-01T00:00:00+00:00", "ok": True, "problems": []}
NOTHING_BUT_DAYS = Policy(days=30, daily=0, weekly=0, monthly=0, minimum=1)


def made(days: float, number: int = 0, *, check: bool = True, drilled: bool = False) -> Backup:
    """A backup of so many days ago; numbers go up with time unless told otherwise."""
    manifest = {
        "id": f"of-{days:g}",
        "number": number or round(100_000 - days * 100),
        "created_at": (NOW - timedelta(days=days)).isoformat(),
        "last_check": GOOD if check else None,
        "last_drill": GOOD if drilled else None,
    }
    return Backup(manifest["id"], Path("/nonexistent"), manifest)


def gone(backups: list[Backup], policy: Policy = NOTHING_BUT_DAYS) -> list[str]:
    ordered = sorted(backups, key=lambda each: each.sound["number"])
    return [verdict.backup.id for verdict in judge(ordered, policy, NOW) if verdict.reason is None]


def test_what_is_older_than_the_days_goes_and_the_minimum_stays() -> None:
    backups = [made(days) for days in (0, 10, 29.9, 30.1, 60)]
    assert gone(backups) == ["of-60", "of-30.1"]
    assert gone(backups, Policy(days=0, daily=0, weekly=0, monthly=0, minimum=3)) == ["of-60", "of-30.1"]
    assert gone(backups, Policy(days=0, daily=0, weekly=0, monthly=0, minimum=1)) == [
        "of-60", "of-30.1", "of-29.9", "of-10",
    ]  # fmt: skip


def test_one_of_each_day_week_and_month_stays() -> None:
    backups = [made(days) for days in (0, 0.1, 1, 1.1, 8, 15, 40, 70, 71)]
    policy = Policy(days=0, daily=2, weekly=3, monthly=3, minimum=1)
    assert gone(backups, policy) == ["of-71", "of-40", "of-1.1", "of-0.1"]


def test_the_last_that_was_drilled_stays_however_old_it_is() -> None:
    assert gone([made(0), made(200, drilled=True), made(300, drilled=True)]) == ["of-300"]


def test_nothing_goes_while_the_newest_is_not_verified() -> None:
    with pytest.raises(VerificationFailed, match="The newest backup, of-0, is not verified"):
        gone([made(0, check=False), made(200), made(300)])
    broken = made(0, check=False)
    broken.sound["last_check"] = {**GOOD, "ok": False}
    with pytest.raises(VerificationFailed, match="nothing was removed"):
        gone([broken, made(200)])


def test_thirty_days_of_failures_leave_the_last_good_ones() -> None:
    """No backup was made since: what there is gets old together, and the last ones stay."""
    backups = [made(days, drilled=days == 33) for days in (31, 32, 33, 34)]
    assert gone(backups, Policy(days=30, daily=0, weekly=0, monthly=0, minimum=2)) == ["of-34"]


def test_a_clock_that_was_set_back_removes_nothing_by_age() -> None:
    """The newest by number says it is old, an older one says it is of tomorrow."""
    assert gone([made(400, number=9), made(-1, number=8), made(0.5, number=7), made(50, number=6)]) == ["of-50"]


def test_a_damaged_backup_is_left_to_a_person() -> None:
    damaged = Backup("broken", Path("/nonexistent"), None, "damaged")
    verdicts = judge([damaged, made(60), made(0)], NOTHING_BUT_DAYS, NOW)
    assert [(verdict.backup.id, verdict.reason is None) for verdict in verdicts] == [
        ("broken", False), ("of-60", True), ("of-0", False),
    ]  # fmt: skip


def aged(backup: Backup, days: float) -> None:
    created = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    manifests.write(backup.path, {**backup.sound, "created_at": created, "last_check": GOOD})


def test_a_backup_that_is_being_restored_stays(broker: Database, store: Store) -> None:
    old, new = back_up(store, label="old"), back_up(store, label="new")
    aged(old, 100)
    check(store, new)
    with store.in_use(old.path):
        [verdict, _] = prune(store, NOTHING_BUT_DAYS, dry_run=False)
        assert verdict.reason == "in use by another command"
    assert [each.id for each in store.all()] == ["old", "new"]
    with store.exclusive(), pytest.raises(Locked):
        prune(store, NOTHING_BUT_DAYS, dry_run=False)
    prune(store, NOTHING_BUT_DAYS, dry_run=False)
    assert [each.id for each in store.all()] == ["new"]
    assert not list(store.folder.glob(".removed-*"))


@pytest.mark.parametrize("days", ["1e10", "-1"])
def test_days_that_no_calendar_has_are_refused(days: str, store: Store, manage: Callable[..., Answer]) -> None:
    for option in ("--keep-days", "--keep-databases"):
        answer = manage("prune_backups", f"{option}={days}")
        assert (answer.returncode, len(answer.stderr.splitlines())) == (2, 1)


def test_the_command_tells_what_would_go(broker: Database, store: Store, manage: Callable[..., Answer]) -> None:
    old, new = back_up(store, label="old"), back_up(store, label="new")
    aged(old, 100)
    options = ["--keep-minimum=1", "--keep-weekly=0", "--keep-monthly=0"]
    refused = manage("prune_backups", *options)
    assert (refused.returncode, "is not verified" in refused.stderr) == (4, True)
    check(store, new)
    told = manage("prune_backups", *options, "--dry-run", "--json")
    assert told.returncode == 0, told.stderr
    result = json.loads(told.stdout)
    assert (result["dry_run"], result["removed"], list(result["kept"])) == (True, ["old"], ["new"])
    assert [each.id for each in store.all()] == ["old", "new"]
    assert manage("prune_backups", "--keep-minimum=0").returncode == 2
    kept = manage("prune_backups")
    assert kept.stdout.splitlines()[0] == "nothing to remove"
    assert [line.split(": ")[:2] for line in kept.stdout.splitlines()[1:]] == [["kept", "old"], ["kept", "new"]]
