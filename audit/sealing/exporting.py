"""Takes the newest seal out of the database, as the settings say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from audit.sealing import anchor, evidence
from audit.sealing.chain import Seal


def export_head(cursor: Any, head: Seal) -> str:
    """Sign the head and append it to AUDIT_ANCHOR, with the lists of rows where that is a file; returns where to.

    Nothing is done, and "" returned, without an AUDIT_ANCHOR. Raises `EnvironmentFailed` where it cannot be written.
    """
    target = settings.AUDIT_ANCHOR
    if not target:
        return ""
    key = anchor.signing_key(settings.AUDIT_SIGNING_KEY_FILE)
    cursor.execute("SELECT current_database()")
    (database,) = cursor.fetchone()
    line = anchor.signed_line(head, database, key)
    is_file = "://" not in target
    if is_file:
        evidence.export_lists(cursor, Path(target))
    # Ed25519 signs the same text in the same way, so an unchanged head is the same line.
    if not is_file or anchor.last_line(Path(target)) != line:
        anchor.export(line, target)
    return str(target)
