"""The embedded server as its callers see it: make it run, ask how it is, stop it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from config.database.embedded import binaries, cluster, postmaster, socket_folder
from config.database.embedded.failures import EmbeddedServerError, explained
from config.database.embedded.layout import (
    ASIDE,
    STATE_DIR,
    Layout,
    layout_for,
    make_home,
    owner_of,
    require_quotable,
)
from config.database.embedded.lock import exclusive
from config.database.embedded.os_user import OsUser
from config.database.embedded.socket_folder import PORT
from config.database.provision import ProvisionError, fingerprint, provision
from config.database.roles import BACKEND_LOGIN, MIGRATOR_LOGIN

DATABASE = "trading"
# The second is where the test suite meets; it makes its own databases beside it.
_DATABASES = (DATABASE, "test_trading")
_LOGINS: dict[str, str | None] = {MIGRATOR_LOGIN: None, BACKEND_LOGIN: None}
_FINGERPRINT = fingerprint(_DATABASES, tuple(_LOGINS))

# Recovery after a crash is part of a start.
_START_SECONDS = 120
# How long the processes of a killed server may take to notice that it is gone.
_AFTERMATH_SECONDS = 15.0
_SHARED_MEMORY_IN_USE = "pre-existing shared memory block"


@dataclass(frozen=True, kw_only=True)
class Status:
    """How the server is; `pid` and `started_at` only while it runs, `note` where something is unusual."""

    running: bool
    url: str
    pid: int | None
    version: str
    data_dir: Path
    socket_dir: Path
    bin_dir: Path
    started_at: datetime | None
    note: str | None


class EmbeddedServer:
    """The PostgreSQL server that belongs to the folder `root`.

    `bin_dir` chooses its binaries. `state_dir` holds what root's server cannot keep in `root`.
    Every method that touches the server raises EmbeddedServerError.
    """

    def __init__(self, root: Path, *, bin_dir: Path | None = None, state_dir: Path = STATE_DIR) -> None:
        self.root = Path(os.path.realpath(root))
        self._explicit_bin_dir = bin_dir
        self._state_dir = state_dir

    @property
    def socket_dir(self) -> Path:
        """The host that clients connect to; known before there is a server."""
        return socket_folder.socket_dir(self.root)

    @property
    def bin_dir(self) -> Path:
        """The folder of the client tools (psql, pg_dump, …)."""
        return binaries.find_bin_dir(self._explicit_bin_dir)

    @property
    def log(self) -> Path:
        """What the server has said; not there before it has been started."""
        return self._layout().log

    def url(self, user: str = BACKEND_LOGIN, database: str = DATABASE) -> str:
        """The address for libpq, with the port, which would otherwise come from the caller's PGPORT."""
        user, database, host = (quote(part, safe="") for part in (user, database, str(self.socket_dir)))
        return f"postgresql://{user}@:{PORT}/{database}?host={host}"

    def admin_conninfo(self, database: str = "postgres") -> str:
        """The address for the superuser."""
        return self.url(user=cluster.SUPERUSER, database=database)

    def ensure_running(self) -> None:
        """Return when the server takes connections and is provisioned; start, make or mend it if need be.

        Costs a few system calls when there is nothing to do. One of several callers starts it, others wait.
        """
        with explained(self.root):
            layout = self._layout()
            if self._is_ready(layout):
                return
            make_home(layout)
            with exclusive(layout.lock, owner_of(layout)) as lock:
                postmaster.settle(layout.data, timeout=_START_SECONDS)
                if not self._is_serving(layout):
                    self._start(layout, lock)
                if not self._is_provisioned(layout):
                    self._provision(layout)

    def stop(self, mode: str = "fast") -> bool:
        """Stop the server (`smart`, `fast` or `immediate`); False where none ran."""
        with explained(self.root):
            layout = self._layout()
            if not layout.home.exists() or not postmaster.alive(layout.data):
                return False
            with exclusive(layout.lock, owner_of(layout)):
                return self._end(layout, mode)

    def home(self) -> Path:
        """The folder of everything, made where there is none; beside the data folder another one can be prepared."""
        with explained(self.root):
            layout = self._layout()
            make_home(layout)
            return layout.home

    def replace_data(self, prepared: Path, *, ready: Callable[[], None]) -> Path | None:
        """Stop the server, put `prepared` in the place of its data folder, start it, and call `ready`.

        Returns where the old folder is kept; None where there was none. Whatever fails, the old folder is put back and
        served again, and what was prepared is kept as `data.failed-…`.
        """
        with explained(self.root):
            layout = self._layout()
            user = owner_of(layout)
            user.take_tree(prepared)
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
            # One hold from the stop to the start: clients that come back would start the old folder in between.
            with exclusive(layout.lock, user) as lock:
                was_running = self._end(layout, "fast")
                aside = layout.home / f"{ASIDE}{stamp}" if layout.data.exists() else None
                try:
                    if aside is not None:
                        layout.data.rename(aside)
                    prepared.rename(layout.data)
                    self._start(layout, lock)
                except BaseException:
                    self._put_back(layout, aside, stamp)
                    if was_running:
                        self._start(layout, lock)
                    raise
            try:
                ready()
                # Only now: a server that replays its log cannot be provisioned.
                self.ensure_running()
            except BaseException:
                with exclusive(layout.lock, user) as lock:
                    self._put_back(layout, aside, stamp)
                    if was_running:
                        self._start(layout, lock)
                raise
            return aside

    def status(self) -> Status:
        """Say how the server is, without starting anything."""
        with explained(self.root):
            layout = self._layout()
            running = postmaster.alive(layout.data) if self._is_serving(layout) else None
            bin_dir = self.bin_dir
            return Status(
                running=running is not None,
                url=self.url(),
                pid=running.pid if running else None,
                version=binaries.version(bin_dir) or "",
                data_dir=layout.data,
                socket_dir=self.socket_dir,
                bin_dir=bin_dir,
                started_at=running.started_at if running else None,
                note=self._note(layout),
            )

    def _layout(self) -> Layout:
        return layout_for(self.root, self._state_dir)

    def _note(self, layout: Layout) -> str | None:
        if layout.home == self.root:
            return None
        return f"The data is kept in {layout.home}, because the server's user cannot enter {self.root}."

    def _is_ready(self, layout: Layout) -> bool:
        return self._is_serving(layout) and self._is_provisioned(layout)

    def _is_serving(self, layout: Layout) -> bool:
        running = postmaster.read_pid_file(layout.data)
        return (
            running is not None
            and running.ready
            and postmaster.serves(running.pid, layout.data) is not False
            and socket_folder.socket_path(self.socket_dir).exists()
            and socket_folder.is_private(self.socket_dir, layout.data.stat().st_uid)
        )

    def _end(self, layout: Layout, mode: str) -> bool:
        """Stop the server, under the lock; False where none ran."""
        running = postmaster.alive(layout.data)
        if running is None:
            return False
        if postmaster.serves(running.pid, layout.data) is None:
            raise EmbeddedServerError(
                f"It cannot be told whether process {running.pid} is the server on {layout.data}: "
                f"stop it with pg_ctl stop -D {layout.data}."
            )
        postmaster.end(running.pid, layout.data, mode=mode)
        socket_folder.remove(self.socket_dir)
        return True

    def _put_back(self, layout: Layout, aside: Path | None, stamp: str) -> None:
        """Undo a replacement, under the lock, however far it has got."""
        if aside is None or aside.exists():
            self._end(layout, "immediate")
            if layout.data.exists():
                layout.data.rename(layout.home / f"data.failed-{stamp}")
            if aside is not None:
                aside.rename(layout.data)

    def _is_provisioned(self, layout: Layout) -> bool:
        try:
            return layout.provisioned.read_text() == _FINGERPRINT
        except FileNotFoundError:
            return False

    def _start(self, layout: Layout, lock: int) -> None:
        user = owner_of(layout)
        bin_dir = binaries.runnable_by(user, self.bin_dir, self._state_dir)
        require_quotable(bin_dir)
        if not cluster.exists(layout):
            cluster.initialise(layout, user, bin_dir, lock=lock)
        cluster.require_version(layout, bin_dir)
        if not user.can_enter(layout.data):
            raise EmbeddedServerError(
                f"User {user.name}, who runs the server for root, cannot enter {layout.data}: "
                f"open the folders above it (chmod a+x), or set EMBEDDED_POSTGRES_DIR to another folder."
            )
        running = postmaster.alive(layout.data)
        if running and postmaster.serves(running.pid, layout.data):
            # It lives, but cannot be reached: its socket was removed, or it never became ready.
            postmaster.end(running.pid, layout.data, mode="fast")
        socket_folder.prepare(self.socket_dir, user)
        postmaster.disown_dead(layout.data, user)
        postmaster.clear_socket(socket_folder.socket_path(self.socket_dir), layout.data)
        deadline = time.monotonic() + _AFTERMATH_SECONDS
        while (reason := self._launch(layout, user, bin_dir)) is not None:
            if _SHARED_MEMORY_IN_USE not in reason or time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The embedded PostgreSQL did not start ({reason}): correct this and try again; "
                    f"its log is {layout.log}.{_unfinished(layout)}"
                )
            time.sleep(0.2)

    def _launch(self, layout: Layout, user: OsUser, bin_dir: Path) -> str | None:
        """Start the server; return None, or why it did not start."""
        already_logged = _make_log(layout.log, user)
        options = f"-c listen_addresses= -c port={PORT} -c unix_socket_directories={self.socket_dir}"
        command = [str(bin_dir / "pg_ctl"), "start", "--wait", "--silent", f"--timeout={_START_SECONDS}"]
        command += [f"--pgdata={layout.data}", f"--log={layout.log}", f"--options={options}"]
        try:
            started = user.run(command, timeout=_START_SECONDS + 30)
        except subprocess.TimeoutExpired:
            return f"pg_ctl did not end within {_START_SECONDS + 30} seconds"
        if started.returncode == 0:
            return None
        return _last_fault(layout.log, already_logged) or started.stderr.strip().replace("\n", " ") or "no reason given"

    def _provision(self, layout: Layout) -> None:
        try:
            provision(self.admin_conninfo(), databases=_DATABASES, logins=_LOGINS)
        except ProvisionError as error:
            raise EmbeddedServerError(str(error)) from error
        incoming = layout.data / f"{layout.provisioned.name}.incoming"
        incoming.unlink(missing_ok=True)
        descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w") as marker:
            owner_of(layout).take(descriptor)
            marker.write(_FINGERPRINT)
        incoming.rename(layout.provisioned)


def _make_log(path: Path, user: OsUser) -> int:
    """Make the log, because the server's user may not make files in that folder; return its size."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        user.take(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _unfinished(layout: Layout) -> str:
    """Advice where the folder is one that a killed restore has put there, and that has not replayed its log."""
    kept = sorted(layout.home.glob(f"{ASIDE}*"))
    if not kept or not (layout.data / "recovery.signal").exists():
        return ""
    return f" A restore was killed here: run restore_db --to-time again, or put {kept[-1]} in its place."


def _last_fault(path: Path, start: int) -> str | None:
    """The last FATAL or PANIC message (else the last line) that was logged from `start` on."""
    with path.open("rb") as log:
        log.seek(start)
        lines = log.read().decode(errors="replace").splitlines()
    faults = [match[1] for line in lines if (match := re.search(r"\b(?:FATAL|PANIC):\s+(.*)", line))]
    return (faults or [line.strip() for line in lines if line.strip()] or [None])[-1]
