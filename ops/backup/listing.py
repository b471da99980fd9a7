"""Backups as rows for people and programs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.backup import compatibility
from ops.backup.store import Backup


def as_json(backup: Backup) -> dict[str, Any]:
    """A backup with stable keys; what a damaged manifest does not tell is null."""
    if backup.manifest is None:
        return {
            "id": backup.id, "path": str(backup.path), "created_at": None, "age_seconds": None, "bytes": None,
            "rows": None, "tables": None, "label": None, "encrypted": None, "server": None, "code": None,
            "checked_at": None, "drilled_at": None, "good": False, "restorable": "no", "problem": backup.problem,
        }  # fmt: skip
    manifest = backup.manifest
    check, drill = manifest["last_check"], manifest["last_drill"]
    problems = [problem for result in (check, drill) if result for problem in result["problems"]]
    return {
        "id": backup.id,
        "path": str(backup.path),
        "created_at": manifest["created_at"],
        "age_seconds": round((datetime.now(UTC) - backup.created_at).total_seconds()),
        "bytes": backup.size,
        "rows": backup.rows,
        "tables": len(manifest["tables"]),
        "label": manifest["label"],
        "encrypted": manifest["cipher"] is not None,
        "server": manifest["server"]["version"],
        "code": manifest["code"],
        "checked_at": check and check["at"],
        "drilled_at": drill and drill["at"],
        "good": backup.is_good,
        "restorable": compatibility.restorable(manifest),
        "problem": "; ".join(problems) or None,
    }


def age(seconds: float | None) -> str:
    """As a person says it: `3 h`, `2 d`."""
    if seconds is None:
        return "?"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} s"


def size(count: float | None) -> str:
    """Bytes in decimal units."""
    if count is None:
        return "?"
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= length:
            return f"{count / length:,.1f} {unit}"
    return f"{count:.0f} B"


def when(text: str | None) -> str:
    return "never" if text is None else datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")


def duration(text: str) -> timedelta:
    """`90s`, `30m`, `26h` or `8d`. Raises ValueError."""
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?[smhd]", text):
        raise ValueError(f"{text!r} is no duration like 26h or 8d")
    return timedelta(**{units[text[-1]]: float(text[:-1])})
