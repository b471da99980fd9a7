"""Servers of the tests' own: one that asks for passwords, as an operator's does, and ways to kill one."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.database.embedded import EmbeddedServer
from config.database.embedded.socket_folder import PORT
from ops.bench.cluster import Cluster

#: A folder where waiting for the disk takes no time: what tests kill are processes, not the machine.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
ADMIN_PASSWORD = "the-administrator's-own"


@dataclass(frozen=True)
class PasswordServer:
    """Where it listens; `postgres` logs in with `ADMIN_PASSWORD`."""

    host: str
    port: int = PORT

    def url(self, user: str, password: str, database: str = "postgres") -> str:
        return f"postgresql://{user}:{password}@:{self.port}/{database}?host={self.host}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host=self.host, port=self.port, user="postgres", password=ADMIN_PASSWORD, dbname=database, autocommit=True
        )


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that has ended and is not collected yet is none."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def wait_for_end(pid: int) -> None:
    wait_until(lambda: not is_running(pid))


def run_as_server(server: EmbeddedServer, command: Sequence[str]) -> None:
    """Run a program as the user whom the data folder belongs to."""
    owner = server.status().data_dir.stat()
    other = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if owner.st_uid != os.getuid() else {}
    subprocess.run(command, check=True, capture_output=True, cwd="/", **other)


def raise_counter(server: EmbeddedServer) -> None:
    """Let a server that runs count transactions from a number that no other server here has reached."""
    program = server.status().bin_dir / "pg_resetwal"
    data = server.status().data_dir
    server.stop()
    run_as_server(server, [str(program), "-e", "7", "-D", str(data)])
    server.ensure_running()


@contextmanager
def password_server() -> Iterator[PasswordServer]:
    """Run one in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="trading-test-"))
    folder.chmod(0o755)
    bin_dir = os.environ.get("POSTGRES_BIN_DIR")
    server = EmbeddedServer(folder / "server", bin_dir=Path(bin_dir) if bin_dir else None)
    try:
        server.ensure_running()
        with psycopg.connect(server.admin_conninfo(), autocommit=True) as admin:
            verifier = admin.pgconn.encrypt_password(ADMIN_PASSWORD.encode(), b"postgres", b"scram-sha-256")
            admin.execute(f"ALTER ROLE postgres PASSWORD '{verifier.decode()}'")
            # It is to look like a server that nobody has prepared.
            for database in ("trading", "test_trading"):
                admin.execute(f"DROP DATABASE IF EXISTS {database}")
            for role in (
                "trading_migrator",
                "trading_backend",
                "trading_owner",
                "trading_app",
                "trading_readonly",
                "trading_auditor",
                "trading_audit_owner",
            ):
                admin.execute(f"DROP ROLE {role}")
            hba = Path(admin.execute("SHOW hba_file").fetchone()[0])  # type: ignore[index]
            hba.write_text("local all all scram-sha-256\n")
            admin.execute("SELECT pg_reload_conf()")
        yield PasswordServer(str(server.socket_dir))
    finally:
        server.stop("immediate")
        shutil.rmtree(folder)


def kill_postmaster(cluster: Cluster) -> None:
    """Its processes find themselves alone, whatever they are at."""
    _end(cluster, [cluster.server.status().pid or 0])


def kill_all(cluster: Cluster) -> None:
    """As when the machine's memory is full."""
    postmaster = cluster.server.status().pid or 0
    _end(cluster, [postmaster, *_children(postmaster)])


def kill_backend(cluster: Cluster) -> None:
    """One session: the server ends all others, recovers, and goes on by itself."""
    with cluster.connect("postgres") as session:
        (pid,) = session.execute(  # type: ignore[misc]
            "SELECT pid FROM pg_stat_activity WHERE datname LIKE 'bench%' AND pid <> pg_backend_pid() LIMIT 1"
        ).fetchone()
    _kill([pid])


def restart(cluster: Cluster) -> None:
    """Start the server if it is dead, or dies now; return when it lets clients in, also after one session ended."""
    while True:
        cluster.server.ensure_running()
        with suppress(psycopg.OperationalError), cluster.connect("postgres"):
            return
        time.sleep(0.02)


def _end(cluster: Cluster, pids: list[int]) -> None:
    _kill(pids)
    while cluster.server.status().running:
        time.sleep(0.01)


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(") ")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == pid:
                found.append(int(folder.name))
    return found
