"""The folder of backups: which there are, in which order, and who may touch one."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.commands import EnvironmentFailed, Failed, Locked, UsageFailed
from config.files import locked
from ops.backup import manifest as manifests
from ops.backup.manifest import Manifest

INCOMPLETE = ".incomplete-"
REMOVED = ".removed-"
OPENED = ".opened-"
DATA = "data"
LATEST = "latest"
#: Names in the folder that are no backup's: the newest's, and that of point-in-time recovery.
RESERVED = (LATEST, "pitr")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Backup:
    """A backup whose manifest is sound, or (`manifest` is None) what is wrong with it."""

    id: str
    path: Path
    manifest: Manifest | None
    problem: str = ""

    @property
    def sound(self) -> Manifest:
        """The manifest. Raises Failed where it could not be read."""
        if self.manifest is None:
            raise Failed(self.problem)
        return self.manifest

    @property
    def data(self) -> Path:
        return self.path / DATA

    @property
    def created_at(self) -> datetime:
        return datetime.fromisoformat(self.sound["created_at"])

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(file["bytes"] for file in self.sound["files"].values())

    @property
    def rows(self) -> int:
        return sum(table["rows"] for table in self.sound["tables"].values())

    @property
    def is_good(self) -> bool:
        """Whether the last check of each kind found nothing wrong, and there was one."""
        checks = [self.sound["last_check"], self.sound["last_drill"]] if self.manifest else []
        return any(checks) and all(check["ok"] for check in checks if check)

    @property
    def is_drilled(self) -> bool:
        return bool(self.manifest and self.manifest["last_drill"] and self.manifest["last_drill"]["ok"])


class Store:
    """The backups below one folder, which only its owner may enter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder. Raises EnvironmentFailed where that is not possible."""
        self._require_folder()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFailed(
                f"{self.folder} cannot be made ({error.strerror}): set BACKUP_DIR to another folder."
            ) from None

    def all(self) -> list[Backup]:
        """Every backup, the oldest first; those that cannot be read before all others.

        By the number that each was given: clocks are set back, numbers are not.
        """
        backups = [self._read(path) for path in self._paths()]
        return sorted(backups, key=lambda each: (each.manifest or {}).get("number", 0))

    def get(self, wanted: str) -> Backup:
        """The backup of that id, or the newest (`latest`). Raises UsageFailed where there is none, Failed or
        EnvironmentFailed where its manifest is not sound."""
        if wanted == LATEST:
            backups = self.all()
            if not backups:
                raise UsageFailed(f"There is no backup in {self.folder}: make one with backup_db.")
            if backups[0].manifest is None:
                # One whose place in the order nobody knows may be the newest.
                self._manifest_or_advice(backups[0])
            return backups[-1]
        self._require_folder()
        path = self.folder / wanted
        if _ID.fullmatch(wanted) and path.is_symlink():
            raise UsageFailed(f"{path} is a link, and no backup: set BACKUP_DIR to the folder with what it points to.")
        if not _ID.fullmatch(wanted) or not path.is_dir():
            raise UsageFailed(f"There is no backup {wanted} in {self.folder}: list_backups names those there are.")
        return Backup(wanted, path, self._manifest(path))

    def new_id(self, label: str | None, now: datetime) -> str:
        """The label, or the time; never an id that is taken. Raises UsageFailed for a label that is none."""
        if label is None:
            base = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
            names = [base, *(f"{base}-{number}" for number in range(2, 1000))]
            return next(name for name in names if not (self.folder / name).exists())
        if not _ID.fullmatch(label) or label in RESERVED:
            raise UsageFailed(f"{label!r} is no name for a backup: use letters, digits, dots, - and _, at most 64.")
        if (self.folder / label).exists():
            raise UsageFailed(f"There is a backup {label} already: choose another name.")
        return label

    def next_number(self) -> int:
        return 1 + max((backup.manifest["number"] for backup in self.all() if backup.manifest), default=0)

    def exclusive(self) -> AbstractContextManager[None]:
        """One run at a time makes or removes backups here. Raises Locked."""
        return locked(
            self.folder, refusal=f"Another command makes or removes backups in {self.folder}: wait until it ends."
        )

    @contextmanager
    def in_use(self, path: Path, *, alone: bool = False) -> Iterator[int]:
        """Hold a backup's folder while it is read, or `alone` while it is written or removed; gives the descriptor.

        A program that inherits it holds the folder, too, if this process is killed. Raises Locked.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise UsageFailed(f"{path.name} is no longer there: another command has removed it.") from None
        try:
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Locked(f"{path.name} is in use by another command: wait until it ends.") from None
            yield descriptor
        finally:
            os.close(descriptor)

    def record(self, backup: Backup, key: str, result: Manifest) -> None:
        """Write the result of a check into the manifest (`last_check`, `last_drill`)."""
        manifests.write(backup.path, {**self._manifest(backup.path), key: result})

    def remove(self, path: Path) -> None:
        """Take a backup out of sight in one step, then delete it. Raises Locked where it is being read."""
        with self.in_use(path, alone=True):
            if not path.name.startswith("."):
                hidden = self.folder / f"{REMOVED}{path.name}"
                shutil.rmtree(hidden, ignore_errors=True)
                path = path.rename(hidden)
            shutil.rmtree(path)

    def try_remove(self, path: Path) -> bool:
        """Remove a backup; False where another command reads it."""
        try:
            self.remove(path)
        except Locked:
            return False
        return True

    def clear_leftovers(self) -> list[str]:
        """Delete what runs that were killed have left; what still runs keeps its own."""
        cleared = []
        for path in sorted(self.folder.glob(".*-*")):
            ours = path.is_dir() and path.name.startswith((INCOMPLETE, REMOVED, OPENED))
            if ours and self.try_remove(path):
                cleared.append(path.name)
        return cleared

    def _manifest_or_advice(self, backup: Backup) -> None:
        try:
            self._manifest(backup.path)
        except Failed as failure:
            raise type(failure)(
                f"{failure} Until it is removed from {self.folder}, name the backup by its id."
            ) from None

    def _require_folder(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise EnvironmentFailed(f"{self.folder} is no folder: set BACKUP_DIR to one.")

    def _paths(self) -> list[Path]:
        self._require_folder()
        if not self.folder.is_dir():
            return []
        # What a link points to is not ours to lock, nor to remove.
        there = (path for path in sorted(self.folder.iterdir()) if path.is_dir() and not path.is_symlink())
        return [path for path in there if self._is_ours(path.name)]

    def _is_ours(self, name: str) -> bool:
        return bool(_ID.fullmatch(name)) and name not in RESERVED

    def _read(self, path: Path) -> Backup:
        try:
            return Backup(path.name, path, self._manifest(path))
        except Failed as failure:
            return Backup(path.name, path, None, str(failure))

    def _manifest(self, path: Path) -> Manifest:
        try:
            data = (path / manifests.NAME).read_bytes()
        except OSError as error:
            raise Failed(
                f"{path.name} has no manifest that can be read ({error.strerror}): it is no backup, use another."
            ) from None
        return manifests.decode(data, path.name)
