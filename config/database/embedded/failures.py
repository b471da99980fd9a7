"""What can go wrong with the embedded server, always as one sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class EmbeddedServerError(Exception):
    """The embedded server cannot be used; the message says what is wrong and what to do next."""


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn an error of the operating system, met while working in `folder`, into an EmbeddedServerError."""
    try:
        yield
    except OSError as error:
        path = error.filename or folder
        closed = f"{path} is closed to this user: correct its owner and mode, or run as its owner."
        causes = {
            errno.ENOSPC: f"The disk that holds {folder} is full: free some space and try again.",
            errno.EDQUOT: f"The disk quota for {folder} is used up: free some space and try again.",
            errno.EROFS: f"{path} is on a read-only disk: set EMBEDDED_POSTGRES_DIR to a folder elsewhere.",
            errno.EACCES: closed,
            errno.EPERM: closed,
        }
        other = f"{path} cannot be used ({error.strerror or error}): correct this and try again."
        raise EmbeddedServerError(causes.get(error.errno or 0, other)) from error
