"""Base backups: full ones and, from PostgreSQL 17 on, what has changed since the last."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.commands import Failed, UsageFailed, VerificationFailed, VersionSkew
from config.database.scratch import Connection
from config.files import append, sync_folder
from ops.backup.store import Store
from ops.backup.tools import Tools, run
from ops.pitr.archive import SLOT, Archive, server_and_tools

ABOUT = "about.json"
INCOMPLETE = ".incomplete-"


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base backup; `parent` is the one that an incremental one needs, `log` the folder of what came after it.

    `ended_at` is the server's clock, which may be set back; `number` is not.
    """

    id: str
    number: int
    log: str | None
    path: Path
    ended_at: datetime
    parent: str | None
    system_identifier: str
    server_version: int

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "path": str(self.path), "ended_at": self.ended_at.isoformat()}

    @property
    def data(self) -> Path:
        return self.path / "data"


def all_of(archive: Archive) -> list[Base]:
    """The base backups of an archive, the oldest first."""
    found = []
    for path in sorted(archive.bases.glob("[!.]*")) if archive.bases.is_dir() else []:
        try:
            about = json.loads((path / ABOUT).read_text())
            found.append(Base(**{**about, "path": path, "ended_at": datetime.fromisoformat(about["ended_at"])}))
        except (OSError, ValueError, TypeError, KeyError):
            continue  # not one of ours, or not whole
    return sorted(found, key=lambda each: each.number)


def chain(archive: Archive, last: Base) -> list[Base]:
    """The full backup and the incremental ones up to `last`. Raises Failed where one is missing."""
    by_id = {each.id: each for each in all_of(archive)}
    links = [last]
    while (parent := links[0].parent) is not None:
        if parent not in by_id:
            raise Failed(f"{links[0].id} needs {parent}, which is missing: use an older base backup.")
        links.insert(0, by_id[parent])
    return links


def take(archive: Archive, *, incremental: bool) -> Base:
    """Make a base backup while the server goes on, and check it. Raises VersionSkew below 17 for incremental ones."""
    with archive.exclusive():
        server, tools = server_and_tools()
        for left_over in archive.bases.glob(f"{INCOMPLETE}*"):
            shutil.rmtree(left_over)
        with closing(server.master()) as session:
            if incremental and session.info.server_version < 170_000:
                raise VersionSkew("Incremental base backups take PostgreSQL 17 or newer: make a full one.")
            _refuse_tablespaces(session)
            identifier = _text(session, "SELECT system_identifier::text FROM pg_control_system()")
            parent = _parent(archive, identifier) if incremental else None
            is_received = session.execute("SELECT FROM pg_replication_slots WHERE slot_name = %s", [SLOT]).fetchone()
            id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
            folder = archive.bases / f"{INCOMPLETE}{id}"
            folder.mkdir(mode=0o700)
            try:
                _copy(tools, server.administrator or {}, folder / "data", parent)
                verify(tools, folder / "data")
                now = _text(session, "SELECT clock_timestamp() AT TIME ZONE 'UTC'")
                about = {
                    "id": id,
                    "number": 1 + max((each.number for each in all_of(archive)), default=0),
                    "log": archive.logs()[-1].name if is_received is not None and archive.logs() else None,
                    "ended_at": datetime.fromisoformat(now).replace(tzinfo=UTC).isoformat(),
                    "parent": parent.id if parent else None,
                    "system_identifier": identifier,
                    "server_version": session.info.server_version,
                }
                append(folder / ABOUT, json.dumps(about, indent=1))
                sync_folder(folder)
                folder.rename(archive.bases / id)
                sync_folder(archive.bases)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return next(each for each in all_of(archive) if each.id == id)


def _refuse_tablespaces(session: Connection) -> None:
    """pg_basebackup would write them where they are on the server, and a recovered server would use that very place."""
    names = _text(
        session,
        "SELECT coalesce(string_agg(spcname, ', ' ORDER BY spcname), '') FROM pg_tablespace"
        " WHERE spcname NOT IN ('pg_default', 'pg_global')",
    )
    if names:
        raise Failed(
            f"The server has tablespaces ({names}), which base backups do not hold: move what is in them"
            " (ALTER TABLE … SET TABLESPACE pg_default), drop them, and run this again."
        )


def verify(tools: Tools, data: Path, *, without_log: bool = False) -> None:
    """pg_verifybackup: every file against the checksums of the backup. Raises VerificationFailed."""
    options = ["--exit-on-error", "--quiet", *(["--no-parse-wal"] if without_log else [])]
    try:
        run(tools, "pg_verifybackup", [*options, str(data)], {})
    except Failed as failure:
        raise VerificationFailed(f"The base backup in {data} is damaged: {failure}") from None


def prune(archive: Archive, *, keep: int) -> list[str]:
    """Remove all but the last `keep` full base backups with what builds on them, and the log that nobody needs then."""
    if keep < 1:
        raise UsageFailed("At least one full base backup is kept.")
    with archive.exclusive():
        _, tools = server_and_tools()
        bases = all_of(archive)
        full = [each for each in bases if each.parent is None]
        kept_full = {each.id for each in full[-keep:]}
        gone = [each for each in bases if chain(archive, each)[0].id not in kept_full]
        for each in reversed(gone):
            with reading(each.path, alone=True):
                hidden = archive.bases / f"{INCOMPLETE}{each.id}"
                each.path.rename(hidden)
                shutil.rmtree(hidden)
        left = all_of(archive)
        for log in archive.logs() if left else []:
            with reading(log, alone=True):
                if needed := [first_segment(each) for each in left if each.log == log.name]:
                    run(tools, "pg_archivecleanup", [str(log), min(needed)], {})
                elif log != archive.logs()[-1]:
                    shutil.rmtree(log)
    return [each.id for each in gone]


def reading(folder: Path, *, alone: bool = False) -> AbstractContextManager[int]:
    """Hold a base backup or a log while it is read, or `alone` while it is removed. Raises Locked."""
    return Store(folder.parent).in_use(folder, alone=alone)


def first_segment(base: Base) -> str:
    """The name of the segment that recovery from this backup begins with, as its label says."""
    label = (base.data / "backup_label").read_text()
    return label.split("(file ", 1)[1].split(")", 1)[0]


def _parent(archive: Archive, identifier: str) -> Base:
    ours = [each for each in all_of(archive) if each.system_identifier == identifier]
    if not ours:
        raise UsageFailed("There is no base backup yet that this one could build on: make a full one.")
    return ours[-1]


def _copy(tools: Tools, login: Mapping[str, str], target: Path, parent: Base | None) -> None:
    arguments = [f"--pgdata={target}", "--format=plain", "--wal-method=stream", "--checkpoint=fast", "--no-password"]
    arguments += ["--manifest-checksums=SHA256"]
    if parent:
        arguments.append(f"--incremental={parent.data / 'backup_manifest'}")
    try:
        run(tools, "pg_basebackup", arguments, {key: value for key, value in login.items() if key != "dbname"})
    except Failed as failure:
        if parent is None or "WAL summaries" not in str(failure):
            raise
        raise Failed(f"Nothing can be built on base backup {parent.id}: make a full one. ({failure})") from None
    os.chmod(target, 0o700)


def _text(session: Connection, query: str) -> str:
    return str((session.execute(query).fetchone() or [""])[0])
