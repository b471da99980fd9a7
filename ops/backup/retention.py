"""Which backups may go: never the last that was proved, never the last few, and none before a newer one is good."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from config.commands import VerificationFailed
from config.database.scratch import Server, drop
from ops.backup import swap
from ops.backup.store import Backup, Store

#: A backup from the future was made under a clock that was set back since: its age is not known.
TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is kept: all of the last `days`, the newest of so many days, weeks, months, always the last `minimum`."""

    days: float = 30
    daily: int = 0
    weekly: int = 8
    monthly: int = 12
    minimum: int = 3


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A backup and why it is kept; one with no reason may go."""

    backup: Backup
    reason: str | None


def judge(backups: list[Backup], policy: Policy, now: datetime) -> list[Verdict]:
    """A verdict on every backup, in the order given (the oldest first).

    Raises VerificationFailed where the newest has not been verified: nothing is removed on the strength of a hope.
    """
    if not backups:
        return []
    readable = [backup for backup in backups if backup.manifest]
    if not readable or not readable[-1].is_good:
        newest = readable[-1].id if readable else backups[-1].id
        raise VerificationFailed(
            f"The newest backup, {newest}, is not verified: run verify_backup {newest}; nothing was removed."
        )
    good = [backup for backup in readable if backup.is_good]
    reasons: dict[str, str] = {}

    def keep(backup: Backup, reason: str) -> None:
        reasons.setdefault(backup.id, reason)

    drilled = [backup for backup in good if backup.is_drilled]
    if drilled:
        keep(drilled[-1], "the last that was restored in a drill")
    for backup in good[-max(1, policy.minimum) :]:
        keep(backup, f"one of the last {max(1, policy.minimum)} good ones")
    for backup in readable:
        age = now - backup.created_at
        if age < -TOLERANCE:
            keep(backup, "made under a clock that was ahead: its age is not known")
        elif age <= timedelta(days=policy.days):
            keep(backup, f"not older than {policy.days:g} days")
    periods: list[tuple[int, str, Callable[[datetime], tuple[int, ...]]]] = [
        (policy.daily, "day", lambda time: (time.year, time.month, time.day)),
        (policy.weekly, "week", lambda time: tuple(time.isocalendar())[:2]),
        (policy.monthly, "month", lambda time: (time.year, time.month)),
    ]
    for count, name, period in periods:
        seen: set[tuple[int, ...]] = set()
        for backup in reversed(good):
            key = period(backup.created_at.astimezone(UTC))
            if key not in seen and len(seen) < count:
                seen.add(key)
                keep(backup, f"the newest of its {name}")
    for backup in backups:
        if backup.manifest is None:
            keep(backup, "damaged: look at it, then remove it by hand")
    return [Verdict(backup=backup, reason=reasons.get(backup.id)) for backup in backups]


def prune(store: Store, policy: Policy, *, dry_run: bool) -> list[Verdict]:
    """Remove what may go (unless `dry_run`); return all verdicts. Raises Locked while another run makes a backup.

    One that is being restored is left for the next run, and says so.
    """
    store.prepare()
    with store.exclusive():
        verdicts = judge(store.all(), policy, datetime.now(UTC))
        if dry_run:
            return verdicts
        store.clear_leftovers()
        done = []
        for verdict in verdicts:
            if verdict.reason is None and not store.try_remove(verdict.backup.path):
                verdict = Verdict(backup=verdict.backup, reason="in use by another command")
            done.append(verdict)
        return done


def prune_databases(live: str, *, days: float, dry_run: bool) -> list[str]:
    """Drop the databases that restores put aside more than `days` days ago; return their names."""
    server = Server.of_settings()
    with closing(server.master()) as session:
        limit = datetime.now(UTC) - timedelta(days=days)
        old = [name for name, since in swap.put_aside(session, live) if since < limit]
        if not dry_run:
            for name in old:
                drop(session, name)
    return old
