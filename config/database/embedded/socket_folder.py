"""The folder of the server's socket: short, because a socket's path has at most 107 bytes, and private,
because its mode is the only door of the server."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from config.database.embedded.failures import EmbeddedServerError
from config.database.embedded.layout import digest
from config.database.embedded.os_user import OsUser

PORT = 5432
_PARENT = Path("/tmp")  # noqa: S108 - whose folder it is, and its mode, are checked at each start


def socket_dir(root: Path) -> Path:
    """The folder for the server of `root`, a resolved path."""
    return _PARENT / f"trading-pg-{digest(root)}"


def socket_path(folder: Path) -> Path:
    return folder / f".s.PGSQL.{PORT}"


def is_private(folder: Path, uid: int) -> bool:
    """Whether `folder` is a real folder that belongs to `uid` and is closed to everybody else."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == uid and not found.st_mode & 0o077


def prepare(folder: Path, user: OsUser) -> None:
    """Make `folder` for `user`, or refuse the one that somebody else has put there.

    Anybody may make folders in a shared /tmp: one that is not ours could hold another server, or let others
    in to ours.
    """
    try:
        folder.mkdir(mode=0o700)
        made = True
    except FileExistsError:
        made = False
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (NotADirectoryError, PermissionError, OSError) as error:
        raise _squatted(folder, user) from error
    try:
        # What belongs to root can only be left over from a start of root's that was cut short.
        if made or (os.fstat(descriptor).st_uid == 0 and os.geteuid() == 0):
            user.take(descriptor)
    finally:
        os.close(descriptor)
    if not is_private(folder, user.uid):
        raise _squatted(folder, user)


def remove(folder: Path) -> None:
    """Remove the folder of a server that has ended, under the lock; what is not empty stays for the next start."""
    with suppress(OSError):
        folder.rmdir()


def _squatted(folder: Path, user: OsUser) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"{folder} is not a private folder of {user.name}, so the server's socket would not be safe in it: "
        f"find out whose it is, remove it and try again."
    )
