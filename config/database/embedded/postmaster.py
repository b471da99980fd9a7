"""The server's process: whether it lives, what a dead one left behind, and how to end it."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.database.embedded.failures import EmbeddedServerError
from config.database.embedded.os_user import OsUser

_PROC = Path("/proc")
# Above every pid that a kernel gives: PostgreSQL finds it dead, whatever runs under the number it replaces.
_NOBODYS_PID = 2**31 - 1
_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


@dataclass(frozen=True)
class PidFile:
    """What `postmaster.pid` says; `ready` once the server takes connections."""

    pid: int
    started_at: datetime
    ready: bool


def read_pid_file(data: Path) -> PidFile | None:
    """Read `postmaster.pid`; None where it is missing or cut short."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return PidFile(
            pid=int(lines[0]),
            started_at=datetime.fromtimestamp(int(lines[2]), UTC),
            ready=len(lines) > 7 and lines[7].strip() == "ready",
        )
    except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
        return None


def serves(pid: int, data: Path) -> bool | None:
    """Whether the process `pid` is a PostgreSQL server on `data`; None where that cannot be told.

    A number is not enough: after a crash it may belong to another program, or to a zombie that nobody has
    collected.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except FileNotFoundError:
        return None  # no /proc here, or one that hides the processes of others
    except (ProcessLookupError, PermissionError):
        return None
    program = os.fsdecode(words[0])
    if Path(program).name not in ("postgres", "postmaster") and not program.startswith("postgres:"):
        return False
    try:
        return os.readlink(_PROC / str(pid) / "cwd") == str(data.resolve())
    except OSError:
        # The folder that it works in is told to its own user and to root only; its command line to all.
        named = Path(os.fsdecode(words[words.index(b"-D") + 1])) if b"-D" in words[:-1] else None
        return named == data if named is not None and named.is_absolute() else None


def alive(data: Path) -> PidFile | None:
    """The pid file of `data` where a server, as far as can be told, runs on it."""
    found = read_pid_file(data)
    return found if found and serves(found.pid, data) is not False else None


def settle(data: Path, *, timeout: float) -> None:
    """Wait while a server on `data` is still starting or stopping, at most `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while (found := alive(data)) and not found.ready and time.monotonic() < deadline:
        time.sleep(0.05)


def disown_dead(data: Path, user: OsUser) -> None:
    """Make a stale `postmaster.pid` harmless, where its number has gone to another process.

    PostgreSQL would take that process for a server and refuse to start. The file is not removed: its other
    lines let PostgreSQL find out whether processes of the dead server still use the shared memory.
    """
    path = data / "postmaster.pid"
    found = read_pid_file(data)
    if found is None and path.exists():
        # A server that starts at this moment has made the file and is about to fill it.
        time.sleep(1.0)
        found = read_pid_file(data)
    if found is None:
        path.unlink(missing_ok=True)
    elif serves(found.pid, data) is False:
        rest = path.read_text().split("\n", 1)[1]
        corrected = data / "postmaster.pid.corrected"
        corrected.unlink(missing_ok=True)
        descriptor = os.open(corrected, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w") as file:
            user.take(descriptor)
            file.write(f"{_NOBODYS_PID}\n{rest}")
        corrected.rename(path)


def clear_socket(socket: Path, data: Path) -> None:
    """Remove the socket of a server that is gone; end one that has lost its data folder and still holds it.

    To be called under the lock, when no server runs on `data`. The folder of the socket is private to this
    server.
    """
    lock = socket.with_name(f"{socket.name}.lock")
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        pid = 0
    if pid > 0 and _lost_its_folder(pid, data):
        end(pid, data, mode="immediate")
    elif pid > 0 and serves(pid, data) is None:
        return
    lock.unlink(missing_ok=True)
    socket.unlink(missing_ok=True)


def end(pid: int, data: Path, *, mode: str, timeout: float = 60.0) -> None:
    """Shut the server `pid` down; raise EmbeddedServerError if it has not ended after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    try:
        os.kill(pid, _SIGNALS[mode])
        while _runs(pid):
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The server on {data} (pid {pid}) has not stopped within {timeout:.0f} seconds: "
                    f"close its clients, or kill it."
                )
            time.sleep(0.02)
    except ProcessLookupError:
        pass


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        # What a zombie's parent has not collected yet has no command line any more.
        return bool((_PROC / str(pid) / "cmdline").read_bytes())
    except FileNotFoundError:
        return not (_PROC / str(os.getpid())).exists()
    except ProcessLookupError:
        return False


def _lost_its_folder(pid: int, data: Path) -> bool:
    """Whether `pid` is a server that was started on `data` and whose folder was removed under it."""
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        folder = os.readlink(_PROC / str(pid) / "cwd")
    except OSError:
        return False
    return Path(os.fsdecode(words[0])).name in ("postgres", "postmaster") and folder == f"{data.resolve()} (deleted)"
