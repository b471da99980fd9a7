"""A server that asks for passwords, as an operator's does; it ends with the test session."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.database.embedded import EmbeddedServer
from config.database.embedded.socket_folder import PORT

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
