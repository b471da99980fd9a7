import subprocess
import sys
from getpass import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from config.commands import EnvironmentFailed, Failed, ProjectCommand
from config.database.provision import ProvisionError
from config.database.roles import BACKEND_LOGIN, MIGRATOR_LOGIN
from ops.provisioning import TEST_DATABASE, Server, prepare_server


class Command(ProjectCommand):
    """Prepares a PostgreSQL server of your own: roles, databases, extensions, `.env`, schema.

    At a terminal it asks for what the options leave open. Elsewhere it takes the defaults, and the administrator's
    password from PGPASSWORD or ~/.pgpass, as every PostgreSQL program does.
    """

    help = "Prepares your own PostgreSQL server for development and writes .env."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", help="host name, or the folder of its socket (default 127.0.0.1)")
        parser.add_argument("--port", type=int, help="default 5432")
        parser.add_argument("--admin", help="a superuser, or a role with CREATEROLE and CREATEDB (default postgres)")
        parser.add_argument("--database", default="trading", help="the development database (default trading)")
        parser.add_argument("--noinput", action="store_true", help="ask nothing, not even at a terminal")

    def handle(
        self, *, host: str | None, port: int | None, admin: str | None, database: str, noinput: bool, **options: Any
    ) -> None:
        asks = sys.stdin.isatty() and not noinput
        server = Server(
            host=host or self._ask("Host", "127.0.0.1", asks),
            port=port or self._port(self._ask("Port", "5432", asks)),
            admin=admin or self._ask("Administrator", "postgres", asks),
            password=(getpass("Password of the administrator (empty: PGPASSWORD or ~/.pgpass): ") or None)
            if asks
            else None,
        )
        env_file = settings.BASE_DIR / ".env"
        try:
            report = prepare_server(
                server, database=database, env_file=env_file, example=settings.SOURCE_DIR / ".env.example"
            )
        except ProvisionError as error:
            raise EnvironmentFailed(str(error)) from error
        for change in report.changes:
            self.notes.print(change)
        # In a process of its own, which reads the new .env as every later command will.
        migrated = subprocess.run(
            [sys.executable, "-m", "manage", "migrate", "--verbosity", "0"], cwd=settings.SOURCE_DIR, check=False
        )
        if migrated.returncode:
            raise Failed("The server is prepared, but the migrations failed: see the message above.")
        self.emit(
            {
                "server": f"PostgreSQL {report.server_version} on {server.host}, port {server.port}",
                "database": database,
                "test_database": TEST_DATABASE,
                "application": server.login(BACKEND_LOGIN, database),
                "migrations": server.login(MIGRATOR_LOGIN, database),
                "passwords": str(env_file),
                "changed": report.changed,
            }
        )

    @staticmethod
    def _ask(what: str, default: str, asks: bool) -> str:
        return (input(f"{what} [{default}]: ").strip() or default) if asks else default

    @staticmethod
    def _port(text: str) -> int:
        if not text.isdigit():
            raise Failed(f"{text} is not a port: give a number such as 5432.")
        return int(text)
