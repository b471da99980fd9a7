"""Whether the backups are as good as they should be, for a monitor: an exit code, and metrics for Prometheus."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.backup.retention import TOLERANCE
from ops.backup.store import Backup

_METRICS = (
    ("backups", "Backups whose manifest can be read."),
    ("backups_damaged", "Backups that are damaged, or that a check or drill has found bad."),
    ("last_backup_timestamp_seconds", "When the newest backup was made."),
    ("last_good_backup_timestamp_seconds", "When the newest backup that was verified was made."),
    ("last_drilled_backup_timestamp_seconds", "When the newest backup that was restored in a drill was made."),
    ("last_backup_bytes", "Size of the newest backup."),
    ("last_backup_rows", "Rows in the newest backup."),
    ("last_backup_duration_seconds", "How long the newest backup took."),
)


def complaint(backups: list[Backup], *, max_age: timedelta, now: datetime) -> str | None:
    """Why the backups are not as they should be: the last verified one is older than `max_age`; None if all is well."""
    if not backups:
        return "There is no backup: make one with backup_db, and prove it with verify_backup."
    good = [backup for backup in backups if backup.is_good]
    if not good:
        if all(backup.manifest is None for backup in backups):
            return backups[-1].problem  # as where the key that signs them is another
        return "No backup is verified: run verify_backup latest."
    age = now - good[-1].created_at
    if age < -TOLERANCE:
        return (
            f"The last verified backup, {good[-1].id}, is from the future: the clock was set back; correct it, then"
            " make a new backup."
        )
    if age > max_age:
        newer = backups[backups.index(good[-1]) + 1 :]
        unproved = (
            f" {len(newer)} newer {'is' if len(newer) == 1 else 'are'} not verified or not good." if newer else ""
        )
        hours = age.total_seconds() / 3600
        return f"The last verified backup, {good[-1].id}, is {hours:,.1f} hours old.{unproved} Make one, and verify it."
    return None


def metrics(backups: list[Backup]) -> dict[str, float]:
    """The numbers, by the metric's name without its prefix; those that nothing is known of are left out."""
    readable = [backup for backup in backups if backup.manifest]
    bad = [
        backup
        for backup in readable
        if any(check and not check["ok"] for check in (backup.sound["last_check"], backup.sound["last_drill"]))
    ]
    numbers: dict[str, float] = {
        "backups": len(readable),
        "backups_damaged": len(backups) - len(readable) + len(bad),
    }
    for name, which in (
        ("last_backup", readable),
        ("last_good_backup", [backup for backup in readable if backup.is_good]),
        ("last_drilled_backup", [backup for backup in readable if backup.is_drilled]),
    ):
        if which:
            numbers[f"{name}_timestamp_seconds"] = which[-1].created_at.timestamp()
    if readable:
        numbers["last_backup_bytes"] = readable[-1].size
        numbers["last_backup_rows"] = readable[-1].rows
        numbers["last_backup_duration_seconds"] = readable[-1].sound["seconds"]
    return numbers


def write_metrics(path: Path, backups: list[Backup]) -> None:
    """Write the text file that the node exporter's textfile collector reads; whole or not at all."""
    numbers = metrics(backups)
    lines = []
    for name, meaning in _METRICS:
        if name in numbers:
            full = f"trading_{name}"
            lines += [f"# HELP {full} {meaning}", f"# TYPE {full} gauge", f"{full} {numbers[name]:.17g}"]
    lines += [
        "# HELP trading_backups_checked_timestamp_seconds When this file was written.",
        "# TYPE trading_backups_checked_timestamp_seconds gauge",
        f"trading_backups_checked_timestamp_seconds {datetime.now(UTC).timestamp():.3f}",
    ]
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write("\n".join(lines) + "\n")
    incoming = Path(file.name)
    # The collector runs as another user.
    os.chmod(incoming, 0o644)
    incoming.rename(path)
