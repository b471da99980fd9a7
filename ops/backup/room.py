"""Whether the server has what a restore takes: room on its disk, and transaction numbers that are not used yet."""

from __future__ import annotations

import shutil
from pathlib import Path

from psycopg import errors

from config.commands import EnvironmentFailed, NoSpace
from ops.backup.contents import Connection
from ops.backup.manifest import Manifest
from ops.backup.tools import Tools


def require_space(session: Connection, manifest: Manifest) -> None:
    """Raise NoSpace where the server's disk has less room than the database took, and its log may take meanwhile.

    It is known only of a server on this computer (reached by its socket) whose folder `session` may be told; of
    another one nothing is said. A server that finds no room for its log stops, and the live database with it: this is
    asked before anything begins.
    """
    folder = _data_folder(session)
    (tablespace, most_log) = session.execute(
        # What is made from template0 goes where that is.
        "SELECT pg_tablespace_location(dattablespace), pg_size_bytes(current_setting('max_wal_size'))"
        " FROM pg_database WHERE datname = 'template0'"
    ).fetchone() or ("", 0)
    needed = int(manifest["database_bytes"])
    if not tablespace:
        needed += min(needed, int(most_log))
    disk = Path(tablespace) if tablespace else folder
    if disk is None or not session.info.host.startswith("/"):
        return
    try:
        free = shutil.disk_usage(disk).free
    except OSError:
        return
    if free < needed:
        raise NoSpace(
            f"{manifest['id']} takes about {needed / 1e6:,.0f} MB on the server's disk, and {disk} has"
            f" {free / 1e6:,.0f} MB left: free some space there, as by prune_backups --keep-databases 0; nothing was"
            " changed."
        )


def require_counter(session: Connection, manifest: Manifest, tools: Tools) -> None:
    """Raise EnvironmentFailed where the server has given out fewer transaction numbers than the backup's had.

    Rows and seals bear these numbers. `verify_audit` takes a row of a transaction that is still to come for a forgery,
    and one that is written under a number that is sealed already; so the counter is raised before anything is restored.
    """
    (now,) = session.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone() or (0,)
    before = int(manifest["server"]["next_transaction"])
    if now < before:
        program = tools.folder / "pg_resetwal"
        raise EnvironmentFailed(
            f"{manifest['id']} has rows of transactions up to {before}, and this server counts from {now}, which the"
            " audit's seals would take for a forgery. Stop the server, run as its user:"
            f" {program if program.is_file() else 'pg_resetwal'} -e {(before >> 32) + 1}"
            f" -D {_data_folder(session) or 'DATA_DIRECTORY'} ; start it, and run this again; nothing was changed."
        )


def _data_folder(session: Connection) -> Path | None:
    try:
        (folder,) = session.execute("SELECT current_setting('data_directory')").fetchone() or (None,)
    except errors.InsufficientPrivilege:
        return None
    return Path(folder) if folder else None
