"""A throwaway database like the one in use: copied whole, restored from a backup, or its structure alone."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from config.commands import Failed, UsageFailed
from config.database.roles import GROUPS
from config.database.scratch import Server, locale_of
from ops.backup.store import Store
from ops.backup.tools import Tools, run, tools_for

PREFIX = "trading_rehearsal"
#: So long a session that has just been closed may take to be gone.
LEAVING_SECONDS = 2
#: Rows that migrations need to run at all; in a clone of the structure these tables alone have theirs.
NEEDED = ("django_migrations", "django_content_type", "auth_permission")


@dataclass(frozen=True)
class Clone:
    """The name of the database, and what it was made from; without rows (`structure`), durations say little."""

    name: str
    source: Literal["copy", "backup", "structure"]

    @property
    def has_rows(self) -> bool:
        return self.source != "structure"


@contextmanager
def clone(backup: str | None = None) -> Iterator[Clone]:
    """A clone, dropped with the block: of a backup (id, `latest` or a folder of `pg_dump -Fd`) if one is named.

    Else a copy of the database in use if nobody is connected to it, or its structure without rows.
    """
    server = Server.of_settings()
    database = str(connection.settings_dict["NAME"])
    if backup is not None:
        with _restored(server, database, dump_of(backup)) as name:
            yield Clone(name, "backup")
        return
    if not connection.in_atomic_block:
        connection.close()
    with ExitStack() as stack:
        if not _is_in_use(server, database):
            with suppress(psycopg.errors.ObjectInUse):  # somebody has come meanwhile
                yield Clone(stack.enter_context(server.scratch(PREFIX, template=database)), "copy")
                return
        yield Clone(stack.enter_context(_structure(server, database)), "structure")


def dump_of(backup: str) -> Path:
    """The folder that pg_restore reads. Raises UsageFailed where there is none."""
    folder = Path(backup)
    if not folder.is_dir():
        folder = Store(settings.BACKUP_DIR).get(backup).data
    elif not (folder / "toc.dat").is_file():
        folder /= "data"
    if not (folder / "toc.dat").is_file():
        raise UsageFailed(
            f"{backup} has no toc.dat, so pg_restore cannot read it: name a folder that pg_dump --format=directory has"
            " made. An encrypted backup is restored first (restore_db --as), then rehearsed on that database."
        )
    return folder


def _is_in_use(server: Server, database: str) -> bool:
    """Whether somebody stays connected; asked before, as CREATE DATABASE lets nobody in while it waits for them."""
    deadline = time.monotonic() + LEAVING_SECONDS
    with server.connect() as session:
        while True:
            row = session.execute(
                # Workers of autovacuum, which have no user, make way.
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = %s AND usesysid IS NOT NULL)",
                [database],
            ).fetchone()
            if not (row and row[0]) or time.monotonic() > deadline:
                return bool(row and row[0])
            time.sleep(0.1)


@contextmanager
def _restored(server: Server, database: str, folder: Path) -> Iterator[str]:
    tools, locale = _of_server(server, database)
    with server.scratch(PREFIX, options=locale) as name:
        _restore(server, tools, name, folder, "--jobs=2")
        # A restore leaves no statistics, and the plans of data migrations depend on them.
        with server.connect(name) as session:
            session.execute("ANALYZE")
        yield name


@contextmanager
def _structure(server: Server, database: str) -> Iterator[str]:
    tools, locale = _of_server(server, database)
    with server.scratch(PREFIX, options=locale) as name, TemporaryDirectory(prefix="trading-rehearsal-") as temporary:
        login = {**server.owner, "dbname": database}
        for part, dumped, restored in (
            ("structure", ["--schema-only"], ["--jobs=2"]),
            # In one transaction, because these tables refer to each other.
            ("rows", ["--data-only", *(f"--table={table}" for table in NEEDED)], ["--single-transaction"]),
        ):
            folder = Path(temporary) / part
            run(tools, "pg_dump", ["--format=directory", f"--file={folder}", "--no-password", *dumped], login)
            _restore(server, tools, name, folder, *restored)
        yield name


def _restore(server: Server, tools: Tools, name: str, folder: Path, *options: str) -> None:
    with server.connect(name) as session:
        # pg_restore gives rights last, and who is to own a function must be allowed to make one before.
        for group in GROUPS:
            if group.granted_to:
                grant = sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(group.name))
                session.execute(grant)
    arguments = ["--format=directory", "--exit-on-error", "--no-password", f"--dbname={name}", *options, str(folder)]
    run(tools, "pg_restore", arguments, server.owner)


def _of_server(server: Server, database: str) -> tuple[Tools, str]:
    """The client programs for the server, and the locale of the database in use."""
    try:
        with server.connect(database) as session:
            return tools_for(session.info.server_version), locale_of(session, database)
    except psycopg.OperationalError as error:
        raise Failed(f"The database {database} could not be read: {error}") from error
