"""One command at a time starts or stops the server."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.database.embedded.failures import EmbeddedServerError
from config.database.embedded.os_user import OsUser

# Longer than initdb takes on a slow disk, shorter than anybody's patience.
_PATIENCE = 180.0


@contextmanager
def exclusive(path: Path, user: OsUser) -> Iterator[int]:
    """Hold the lock at `path`; the kernel frees it however the holder ends. Yields its descriptor.

    A child that inherits the descriptor holds the lock too, until it ends.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        user.take(descriptor)
        _acquire(descriptor, path)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"Another command has held {path} for {_PATIENCE:.0f} seconds: end it and try again."
                ) from None
            time.sleep(0.02)
