"""A throwaway PostgreSQL cluster, so that a benchmark neither meets nor disturbs anybody's data."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from config.commands import EnvironmentFailed
from config.database.embedded import EmbeddedServer, EmbeddedServerError
from config.database.embedded.cluster import SUPERUSER
from config.database.embedded.socket_folder import PORT
from config.database.roles import BACKEND_LOGIN, MIGRATOR_LOGIN
from ops.seeding.seed import seed_small_broker

TEMPLATE = "bench_template"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Cluster:
    """A running server and the databases that benchmarks make in it."""

    server: EmbeddedServer
    postmaster: int
    numbers: Any

    def connect(self, database: str, user: str = MIGRATOR_LOGIN) -> psycopg.Connection:
        """A connection of its own, as the owner of the tables unless told otherwise."""
        return psycopg.connect(self.server.url(user=user, database=database), autocommit=True)

    def psql(self, database: str, *arguments: str) -> list[str]:
        """The command line of psql on a database, as the owner."""
        url = self.server.url(user=MIGRATOR_LOGIN, database=database)
        return [str(self.server.bin_dir / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", url, *arguments]

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """A copy of the seeded template (or of `template0`: an empty one), which Django uses within the block."""
        name = f"bench_{next(self.numbers)}"
        self._administer("CREATE DATABASE {} TEMPLATE {}", name, template)
        try:
            with self.used_by_django(name):
                yield name
        finally:
            self._administer("DROP DATABASE {} WITH (FORCE)", name)

    def make_template(self) -> None:
        """Migrate and seed the database that the others are copied from."""
        self._administer("CREATE DATABASE {} TEMPLATE template0", TEMPLATE)
        with self.used_by_django(TEMPLATE):
            call_command("migrate", verbosity=0, interactive=False)
            seed_small_broker()

    def cpu_seconds(self) -> float:
        """CPU time of all processes of the server so far, those that have ended included."""
        while True:
            ended = _ended_ticks(self.postmaster)
            processes = [int(process.name) for process in Path("/proc").iterdir() if process.name.isdigit()]
            servers = [self.postmaster, *(pid for pid in processes if _parent(pid) == self.postmaster)]
            running = sum(map(_nanoseconds, servers))
            # A process that has ended meanwhile would be counted twice, or not at all.
            if _ended_ticks(self.postmaster) == ended:
                return ended / CLOCK_TICKS + running / 1e9

    def _administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.server.admin_conninfo(), autocommit=True) as admin:
            admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
            if statement.startswith("CREATE"):
                owner = sql.SQL("ALTER DATABASE {} OWNER TO trading_owner").format(sql.Identifier(names[0]))
                admin.execute(owner)

    @contextmanager
    def used_by_django(self, name: str) -> Iterator[None]:
        place = {"NAME": name, "HOST": str(self.server.socket_dir), "PORT": str(PORT), "PASSWORD": ""}
        default = connections["default"]
        before, owner_before = dict(default.settings_dict), dict(settings.OWNER_DATABASE)
        administrator_before = settings.ADMIN_DATABASE
        default.close()
        default.settings_dict.update(place | {"USER": BACKEND_LOGIN, "EMBEDDED": None})
        settings.OWNER_DATABASE.update(place | {"USER": MIGRATOR_LOGIN})
        settings.ADMIN_DATABASE = {**place, "USER": SUPERUSER}
        try:
            yield
        finally:
            default.close()
            default.settings_dict.update(before)
            settings.OWNER_DATABASE.update(owner_before)
            settings.ADMIN_DATABASE = administrator_before


@contextmanager
def throwaway_cluster(
    parent: str | None = None, *, template: bool = True, bin_dir: Path | None = None
) -> Iterator[Cluster]:
    """Run a server in a temporary folder, below `parent` where one is named; remove both at the end.

    Without `template` it has no migrated database, and is there in a few seconds; `bin_dir` has other programs than the
    project's own server. Raises EnvironmentFailed where no server can be had.
    """
    folder = Path(tempfile.mkdtemp(prefix="trading-bench-", dir=parent))
    folder.chmod(0o755)
    embedded = settings.EMBEDDED_DATABASE or {}
    server = EmbeddedServer(folder / "server", bin_dir=bin_dir or embedded.get("BIN_DIR") or settings.POSTGRES_BIN_DIR)
    try:
        server.ensure_running()
        cluster = Cluster(server, server.status().pid or 0, count(1))
        if template:
            cluster.make_template()
        yield cluster
    except EmbeddedServerError as error:
        raise EnvironmentFailed(str(error)) from error
    finally:
        server.stop("immediate")
        shutil.rmtree(folder)


def _stat(pid: int) -> list[str]:
    try:
        # The second field is the program's name in brackets, and may hold blanks.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _ended_ticks(pid: int) -> int:
    """CPU time of the children of a process that have ended."""
    # cutime and cstime: proc(5), fields 16 and 17.
    return sum(map(int, _stat(pid)[13:15]))


def _nanoseconds(pid: int) -> int:
    """CPU time of a process with one thread so far: exact, where the ticks of `stat` are hundredths of a second."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        if not Path("/proc/self/schedstat").exists():
            raise EnvironmentFailed("This kernel keeps no /proc/PID/schedstat: run benchmarks on another.") from None
        return 0
