"""The quick check of a backup: every byte of every file, without a server."""

from __future__ import annotations

import stat
from datetime import UTC, datetime

from ops.backup import cipher
from ops.backup import manifest as manifests
from ops.backup.manifest import Manifest
from ops.backup.progress import Report, silent
from ops.backup.store import DATA, Backup, Store


def damage(backup: Backup, report: Report = silent) -> list[str]:
    """One sentence for each file that is missing, unexpected or not what the manifest says; empty if all are sound.

    The manifest has been checked when `backup` was read.
    """
    files = backup.sound["files"]
    report("Checking", 0, sum(file["bytes"] for file in files.values()))
    there = {f"{DATA}/{path.name}": path for path in backup.data.iterdir()} if backup.data.is_dir() else {}
    own = (DATA, manifests.NAME, manifests.INCOMING)
    there |= {path.name: path for path in backup.path.iterdir() if path.name not in own}
    wrong = [f"{name} is missing" for name in sorted(files.keys() - there.keys())]
    wrong += [f"{name} does not belong to the backup" for name in sorted(there.keys() - files.keys())]
    for name in sorted(files.keys() & there.keys()):
        path, expected = there[name], files[name]
        if not stat.S_ISREG(path.lstat().st_mode):
            wrong.append(f"{name} is no plain file")
            continue
        try:
            size, sha256 = cipher.digest(path, read=lambda count, name=name: report(f"Checking {name}", count, None))  # type: ignore[misc]
        except OSError as error:
            wrong.append(f"{name} cannot be read ({error.strerror})")
            continue
        if size != expected["bytes"]:
            wrong.append(f"{name} has {size:,} bytes, and had {expected['bytes']:,}")
        elif sha256 != expected["sha256"]:
            wrong.append(f"{name} is damaged: its SHA-256 is another")
    return wrong


def check(store: Store, backup: Backup, report: Report = silent) -> Manifest:
    """Check a backup and write the result into its manifest; return it: `at`, `ok`, `problems`."""
    with store.in_use(backup.path):
        result: Manifest = {"problems": damage(backup, report)}
        result |= {"at": datetime.now(UTC).isoformat(), "ok": not result["problems"]}
        store.record(backup, "last_check", result)
    return result
