"""PostgreSQL's own programs: which to use with a server, and how to run them with no secret on a command line."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from config.commands import EnvironmentFailed, Failed, Locked, NoSpace, VersionSkew
from config.database.embedded import binaries

#: libpq's parameters and the variables that carry them.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "application_name": "PGAPPNAME",
}
#: How the programs say that it is not their fault, as regular expressions.
SIGNS: tuple[tuple[str, type[Failed], str], ...] = (
    ("No space left on device", NoSpace, "the disk is full: free some space, then run this again"),
    ("Disk quota exceeded", NoSpace, "the disk quota is used up: free some space, then run this again"),
    ("could not obtain lock", Locked, "a table is locked by a change of the schema: try again when it has ended"),
    ("due to lock timeout", Locked, "a table is locked by a change of the schema: try again when it has ended"),
    ("server version mismatch", VersionSkew, "the program is older than the server: install the server's client tools"),
    ("server closed the connection", EnvironmentFailed, "the server went away: start it, then run this again"),
    ("terminating connection", EnvironmentFailed, "the server ended its session: run this again"),
    ("the database system is", EnvironmentFailed, "the server is starting or stopping: run this again"),
    (
        "permission denied to create extension",
        EnvironmentFailed,
        "making it takes an administrator: set ADMIN_DATABASE_URL to a superuser's login",
    ),
    (
        'role ".*" does not exist',
        EnvironmentFailed,
        "the server lacks a role that owns something in the backup, or was given rights there: make it by CREATE ROLE,"
        " then run this again",
    ),
    (
        "must be superuser|must be able to SET ROLE|permission denied to create|must have CREATE privilege",
        Failed,
        "a superuser made this, and the schema's owner cannot: in the database that was backed up, drop it or give it"
        " to trading_owner, then make a new backup",
    ),
    ("unsupported version", VersionSkew, "the program is older than what has made the backup: install a newer one"),
)


@dataclass(frozen=True)
class Tools:
    """The programs of one folder; `version` as in `17.10`."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return binaries.major(self.version)

    def program(self, name: str) -> str:
        """The path of one of them. Raises EnvironmentFailed where it is missing."""
        path = self.folder / name
        if not path.is_file():
            raise EnvironmentFailed(f"{name} is missing in {self.folder}: install PostgreSQL's client programs there.")
        return str(path)

    @property
    def compression(self) -> str:
        """What pg_dump here is best told for --compress: `zstd:1` where it has that, else `gzip:1`."""
        return "zstd:1" if _compresses(self.folder, "zstd:1") else "gzip:1"

    def require_compression(self, method: str) -> None:
        """Raise VersionSkew where what was compressed by `method` could not be read here."""
        if method.startswith("zstd") and self.compression != "zstd:1":
            raise VersionSkew(
                f"The backup is compressed by zstd, which pg_restore {self.version} in {self.folder} does not know:"
                " install PostgreSQL 16 or newer that was built with zstd, and name it in POSTGRES_BIN_DIR."
            )


def tools_for(server_version: int) -> Tools:
    """The programs for a server (as `server_version_num` has it): of its own major version, else the next newer.

    Raises VersionSkew where all are older, EnvironmentFailed where there are none.
    """
    wanted = server_version // 10_000
    found = [Tools(folder, version) for folder in _folders() if (version := _version(folder)) is not None]
    if not found:
        raise EnvironmentFailed(
            "pg_dump was not found: install PostgreSQL's client programs (Debian: postgresql-client), or set"
            " POSTGRES_BIN_DIR to their folder."
        )
    fitting = [tools for tools in found if tools.major >= wanted]
    if not fitting:
        newest = max(found, key=lambda tools: tools.major)
        raise VersionSkew(
            f"The server is PostgreSQL {wanted}, and the newest client programs here are {newest.version} in"
            f" {newest.folder}: install those of {wanted}, or set POSTGRES_BIN_DIR to their folder."
        )
    # The first found wins among equals: the one that was chosen, then the package's, then the system's.
    return min(fitting, key=lambda tools: tools.major)


def _folders() -> Iterator[Path]:
    if settings.POSTGRES_BIN_DIR is not None:
        # Who has chosen gets no other one.
        yield settings.POSTGRES_BIN_DIR.absolute()
        return
    yield from binaries.installed()
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).resolve().parent


@lru_cache
def _version(folder: Path) -> str | None:
    try:
        answer = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    match = re.search(r"\(PostgreSQL\) (\d+[.\w]*)", answer.stdout)
    return match[1] if answer.returncode == 0 and match else None


@lru_cache
def _compresses(folder: Path, method: str) -> bool:
    # It checks this option before it connects, and the host does not exist.
    command = [str(folder / "pg_dump"), "--format=custom", f"--compress={method}", "--file=/dev/null", "--no-password"]
    answer = subprocess.run(
        [*command, "--dbname=host=/nonexistent"], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    )
    return "compress" not in answer.stderr


@contextmanager
def environment(login: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a program that logs in so: the password is in a file that only this user reads."""
    variables = {**os.environ, "LC_ALL": "C"}
    for parameter, variable in VARIABLES.items():
        if parameter in login:
            variables[variable] = login[parameter]
    if not login.get("password"):
        yield variables
        return
    with tempfile.NamedTemporaryFile("w", prefix="trading-pass-", suffix=".conf") as file:  # mode 0600
        escaped = login["password"].replace("\\", "\\\\").replace(":", "\\:")
        file.write(f"*:*:*:*:{escaped}\n")
        file.flush()
        variables["PGPASSFILE"] = file.name
        variables.pop("PGPASSWORD", None)
        yield variables


class Program:
    """One program that runs; it is ended if the block is left before it has ended by itself."""

    def __init__(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        *,
        line: Callable[[str], None] = lambda text: None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = Path(command[0]).name
        self._line = line
        self._last: deque[str] = deque(maxlen=200)
        self._process = subprocess.Popen(
            command,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            umask=0o077,
            pass_fds=pass_fds,
            # Ctrl-C reaches this process, which then ends the program in its own order.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            # The whole session: pg_dump and pg_restore have workers.
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
        self._reader.join()

    def finish(self) -> None:
        """Wait for the end. Raises NoSpace, Locked, VersionSkew or Failed, with the program's own words."""
        code = self._process.wait()
        self._reader.join()
        if code == 0:
            return
        lines = list(self._last)
        text = "\n".join(lines)
        faults = [line for line in lines if re.search(r"\b(error|fatal|detail):", line, re.IGNORECASE)]
        reason = (faults or lines or ["it gave no reason"])[0].removeprefix(f"{self.name}: ").removeprefix("error: ")
        for sign, failure, advice in SIGNS:
            if re.search(sign, text):
                raise failure(f"{self.name} gave up, because {advice}. ({reason})")
        how = f"was ended by signal {-code}" if code < 0 else "failed"
        raise Failed(f"{self.name} {how}: {reason}")

    def _read(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it was asked for above
        with self._process.stderr as lines:
            for line in lines:
                text = line.rstrip("\n")
                # What --verbose tells is for the progress; faults are kept.
                if "error:" in text or "FATAL" in text or "detail:" in text or text.startswith("Command was:"):
                    self._last.append(text)
                self._line(text)


def run(
    tools: Tools,
    name: str,
    arguments: Sequence[str],
    login: Mapping[str, str],
    *,
    line: Callable[[str], None] = lambda text: None,
    pass_fds: Sequence[int] = (),
) -> None:
    """Run a program to its end; raises as `Program.finish`."""
    with (
        environment(login) as variables,
        Program([tools.program(name), *arguments], variables, line=line, pass_fds=pass_fds) as program,
    ):
        program.finish()
