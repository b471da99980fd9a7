"""`manage.py embedded_db start|stop|status|psql`."""

import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from config.commands import EnvironmentFailed, ProjectCommand, UsageFailed
from config.database.embedded import EmbeddedServer, EmbeddedServerError


class Command(ProjectCommand):
    """Look after the embedded PostgreSQL server; other commands start it by themselves when they need it."""

    help = "Start, stop or look at the embedded PostgreSQL server, or open psql on it as the application."
    # The checks of models ask the database, which would start the server that is to be stopped.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status", "psql"])

    def handle(self, *, action: str, **options: Any) -> None:
        embedded = settings.EMBEDDED_DATABASE
        if embedded is None:
            raise EnvironmentFailed("DATABASE_URL or DB_HOST names another server: unset them to use the embedded one.")
        server = EmbeddedServer(embedded["ROOT"], bin_dir=embedded["BIN_DIR"])
        actions: dict[str, Callable[[EmbeddedServer], None]] = {
            "start": self._start,
            "stop": self._stop,
            "status": self._status,
            "psql": self._psql,
        }
        try:
            actions[action](server)
        except EmbeddedServerError as error:
            raise EnvironmentFailed(str(error)) from error

    def render(self, result: Any) -> None:
        super().render({key: value for key, value in result.items() if value is not None})

    def _start(self, server: EmbeddedServer) -> None:
        server.ensure_running()
        self._status(server)

    def _stop(self, server: EmbeddedServer) -> None:
        self.emit({"running": False, "was_running": server.stop()})

    def _status(self, server: EmbeddedServer) -> None:
        status = server.status()
        self.emit(
            {
                "running": status.running,
                "url": status.url,
                "pid": status.pid,
                "version": status.version,
                "data_dir": str(status.data_dir),
                "socket_dir": str(status.socket_dir),
                "bin_dir": str(status.bin_dir),
                "started_at": status.started_at,
                "note": status.note,
            }
        )

    def _psql(self, server: EmbeddedServer) -> None:
        if self.json_output:
            raise UsageFailed("psql has no --json: call it without, or use status --json for the address.")
        server.ensure_running()
        psql = server.bin_dir / "psql"
        if not psql.is_file():
            raise EnvironmentFailed(f"There is no psql in {server.bin_dir}: install PostgreSQL's client programs.")
        # In place of this process: the terminal, its signals and the exit code are psql's from here on.
        os.execv(psql, [str(psql), server.url()])  # noqa: S606 - no shell is wanted
