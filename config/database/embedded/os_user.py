"""The user of the operating system that the server runs as: PostgreSQL refuses root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.database.embedded.failures import EmbeddedServerError

# Nothing of the caller's environment reaches the server: PGPORT, PGDATA or LD_LIBRARY_PATH would change its
# behaviour. Messages in English, because the last FATAL line of the log is looked for.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class OsUser:
    """A user that programs can be run as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def current(cls) -> OsUser:
        return cls.of_uid(os.geteuid())

    @classmethod
    def of_uid(cls, uid: int) -> OsUser:
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            return cls(name=str(uid), uid=uid, gid=os.getegid() if uid == os.geteuid() else uid)
        return cls(name=entry.pw_name, uid=uid, gid=entry.pw_gid)

    @classmethod
    def for_server(cls) -> OsUser:
        """The user for a new data folder: the caller, or an unprivileged one where that is root."""
        current = cls.current()
        if current.uid != 0:
            return current
        for name in ("postgres", "nobody"):
            try:
                return cls.of_uid(pwd.getpwnam(name).pw_uid)
            except KeyError:
                continue
        raise EmbeddedServerError(
            "PostgreSQL does not run as root, and there is neither a user postgres nor nobody: "
            "make one (useradd postgres)."
        )

    @property
    def is_caller(self) -> bool:
        return self.uid == os.geteuid()

    def run(
        self, command: Sequence[str | Path], *, timeout: float = 60, pass_fds: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` as this user, in a session of its own, which Ctrl-C at the terminal does not reach.

        Raises OSError where it cannot be executed, subprocess.TimeoutExpired after `timeout` seconds.
        """
        return subprocess.run(
            [str(word) for word in command],
            user=None if self.is_caller else self.uid,
            group=None if self.is_caller else self.gid,
            extra_groups=None if self.is_caller else [],
            # The caller's folder may be one that this user cannot enter.
            cwd="/",
            env=_ENVIRONMENT,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            pass_fds=pass_fds,
            timeout=timeout,
            check=False,
        )

    def can_enter(self, folder: Path) -> bool:
        """Whether this user gets as far as `folder`; asked of the kernel, which knows of access lists and
        mounts too."""
        return self.is_caller or self.run(["test", "-x", folder]).returncode == 0

    def take(self, descriptor: int) -> None:
        """Give this user the open file or folder, where the caller is another."""
        if not self.is_caller:
            os.fchown(descriptor, self.uid, self.gid)

    def take_tree(self, folder: Path) -> None:
        """Give this user a folder and everything in it, where the caller is another."""
        if self.is_caller:
            return
        for parent, _, files in os.walk(folder):
            for path in (Path(parent), *(Path(parent, file) for file in files)):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)
