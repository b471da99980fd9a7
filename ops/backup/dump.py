"""Making a backup: pg_dump and the manifest's hashes see one snapshot, and nobody takes half of it for a whole."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors, sql

from config.commands import Failed, Locked, NoSpace
from config.database.locks import exclusive
from config.database.scratch import Server
from config.files import sync_folder
from ops.backup import cipher, contents, facts
from ops.backup import manifest as manifests
from ops.backup.contents import Connection, Table
from ops.backup.manifest import Manifest
from ops.backup.progress import Report, of_tables, silent
from ops.backup.store import DATA, INCOMPLETE, Backup, Store
from ops.backup.tools import Program, Tools, environment, tools_for
from ops.backup.turns import alone
from ops.revision import code_revision

#: Of the bytes of all tables without indexes: what a first backup may take; afterwards the last one tells.
EXPECTED_SHARE = 0.5
#: For what a database has grown since the last backup.
MARGIN = 1.3


def back_up(
    store: Store,
    *,
    label: str | None = None,
    jobs: int = 2,
    lock_seconds: float = 30,
    has_turn: bool = False,
    report: Report = silent,
) -> Backup:
    """Make a backup of the default database; when this returns it is on the disk, whole and under its own name.

    `lock_seconds` is how long to wait for a table that a change of the schema holds; `has_turn` tells that the caller
    has the database to itself already, as a restore has. Raises Failed and its kinds; then there is no new backup, and
    those that there were are as they were.
    """
    store.prepare()
    keys = cipher.recipients()
    server = Server.of_settings()
    database = str(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])
    with (
        closing(server.connect()) as keeper,
        nullcontext() if has_turn else alone(keeper, database),
        store.exclusive(),
        exclusive("backup", what="Another backup"),
        closing(server.connect(database)) as session,
    ):
        store.clear_leftovers()
        for work in ("drill", "restoring"):
            server.drop_abandoned(f"{database}_{work}")
        tools = tools_for(session.info.server_version)
        id = store.new_id(label, datetime.now(UTC))
        with _frozen(session, lock_seconds) as (snapshot, tables):
            _require_space(store, tables)
            folder = store.folder / f"{INCOMPLETE}{id}"
            folder.mkdir(mode=0o700)
            try:
                with store.in_use(folder, alone=True) as held, _explained():
                    manifest = _describe(session, database, id=id, number=store.next_number(), tools=tools, keys=keys)
                    manifest["label"] = label
                    manifest["snapshot"] = snapshot
                    login = {**server.owner, "dbname": database}
                    _dump(folder, manifest, session, tables, tools, login, jobs, lock_seconds, held, report)
                    _seal_files(folder, manifest, keys, report)
                    manifest["completed_at"] = datetime.now(UTC).isoformat()
                    manifests.write(folder, manifest)
                    folder.rename(store.folder / id)
                    sync_folder(store.folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return store.get(id)


@contextmanager
def _frozen(session: Connection, lock_seconds: float) -> Iterator[tuple[str, list[Table]]]:
    """One snapshot, exported for pg_dump, with every table locked before it is taken.

    A table that is emptied by TRUNCATE after the snapshot would look empty in it: the locks keep that away.
    """
    # Hashing is cheaper by one process; pg_dump keeps the others busy.
    for setting in ("statement_timeout", "idle_in_transaction_session_timeout", "max_parallel_workers_per_gather"):
        session.execute(f"SET {setting} = 0")
    session.execute("SELECT set_config('lock_timeout', %s, false)", [f"{max(1, round(lock_seconds * 1000))}ms"])
    is_frozen = False
    for _ in range(5):
        try:
            wanted = contents.tables(session)  # its sizes take the same locks
            with session.transaction():
                session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                if wanted:
                    names = sql.SQL(", ").join(sql.SQL("ONLY {}").format(table.identifier) for table in wanted)
                    session.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
                (snapshot,) = session.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
                tables = contents.tables(session)
                if {table.key for table in tables} <= {table.key for table in wanted}:
                    is_frozen = True
                    yield str(snapshot), tables
                    return
        except errors.LockNotAvailable:
            raise Locked(
                f"A table stayed locked for {lock_seconds:g} seconds, as by a migration: try again when that has ended."
            ) from None
        except errors.UndefinedTable:
            if is_frozen:
                raise
            # It was dropped between the two looks.
    raise Locked("Tables are made and dropped all the time: make the backup when that has ended.")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"The disk of the backups is full ({error.strerror}): free some space there.") from None
        raise Failed(f"The backup could not be written ({error}): correct this and run again.") from None
    except psycopg.OperationalError as error:
        reason = (str(error).strip().splitlines() or ["the connection was lost"])[0]
        raise Failed(f"The server went away during the backup ({reason}): no backup was made, run it again.") from None


def _require_space(store: Store, tables: list[Table]) -> None:
    there = sum(table.bytes for table in tables)
    earlier = next((backup for backup in reversed(store.all()) if backup.manifest), None)
    share = EXPECTED_SHARE
    if earlier:
        before = sum(table["bytes"] for table in earlier.sound["tables"].values())
        share = MARGIN * earlier.size / max(before, 1)
    needed, free = round(there * share), shutil.disk_usage(store.folder).free
    if free < needed:
        raise NoSpace(
            f"The backup takes about {needed / 1e6:,.0f} MB, and {store.folder} has {free / 1e6:,.0f} MB left:"
            " free some space, run prune_backups, or set BACKUP_DIR to another disk."
        )


def _describe(session: Connection, database: str, *, id: str, number: int, tools: Tools, keys: list[Any]) -> Manifest:
    (now,) = session.execute("SELECT clock_timestamp()").fetchone() or (None,)
    assert now is not None  # noqa: S101 - one row, always
    return {
        "format": manifests.FORMAT,
        "id": id,
        "number": number,
        # Ages are told by this computer's clock; the server's is for --to-time.
        "created_at": datetime.now(UTC).isoformat(),
        "snapshot_at": now.astimezone(UTC).isoformat(),
        "server": facts.of_server(session),
        "tools": {"version": tools.version, "compression": tools.compression},
        "database": facts.of_database(session, database),
        "database_bytes": facts.bytes_of_database(session),
        "extensions": facts.extensions(session),
        "roles": facts.roles(session),
        "migrations": facts.migrations(session),
        "code": code_revision() or "unknown",
        "cipher": cipher.NAME if keys else None,
        "last_check": None,
        "last_drill": None,
    }


def _dump(
    folder: Path,
    manifest: Manifest,
    session: Connection,
    tables: list[Table],
    tools: Tools,
    login: dict[str, str],
    jobs: int,
    lock_seconds: float,
    held: int,
    report: Report,
) -> None:
    """pg_dump in processes of its own, and the hashes here meanwhile: both read the same pages of the cache."""
    sizes = {table.key: table.bytes for table in tables}
    report("Backing up", 0, 2 * sum(sizes.values()))
    arguments = [
        "--format=directory",
        f"--jobs={jobs}",
        f"--file={folder / DATA}",
        f"--compress={tools.compression if tools.major >= 16 else '1'}",
        f"--snapshot={manifest['snapshot']}",
        f"--lock-wait-timeout={max(1, round(lock_seconds * 1000))}",
        "--no-password",
        # Each file is synced when its SHA-256 is taken.
        "--no-sync",
        "--verbose",
    ]
    started = time.monotonic()
    first = contents.sequences(session)
    with (
        environment(login) as variables,
        Program(
            [tools.program("pg_dump"), *arguments],
            variables,
            line=of_tables(sizes, "Backing up", report),
            pass_fds=[held],
        ) as program,
    ):
        found = {}
        for table, fingerprint in contents.fingerprints(session, tables):
            found[table.key] = {"rows": fingerprint.rows, "hash": fingerprint.hash, "bytes": table.bytes}
            report(f"Hashing {table.key}", table.bytes, None)
            if not program.running:
                program.finish()  # raises where it has failed: the rest need not be hashed
        program.finish()
    manifest["tables"] = found
    manifest["large_objects"] = asdict(contents.large_objects(session))
    # Sequences move under a snapshot; pg_dump has read them between these two looks.
    manifest["sequences"] = {"first": first, "last": contents.sequences(session)}
    manifest["seconds"] = round(time.monotonic() - started, 1)


def _seal_files(folder: Path, manifest: Manifest, keys: list[Any], report: Report) -> None:
    """Encrypt where there are keys, sync every file, and write down size and SHA-256 of what is on the disk."""
    data = folder / DATA
    data.chmod(0o700)
    files = sorted(path for path in data.iterdir())
    report("Writing to the disk", 0, sum(path.stat().st_size for path in files))
    manifest["files"] = {}
    for path in files:
        plain_bytes = path.stat().st_size
        if keys:
            target = path.with_name(path.name + cipher.SUFFIX)
            size, sha256 = cipher.encrypt(path, target, keys)
            path.unlink()
            path = target
        else:
            path.chmod(0o600)
            size, sha256 = cipher.digest(path, sync=True)
        manifest["files"][f"{DATA}/{path.name}"] = {"bytes": size, "sha256": sha256, "plain_bytes": plain_bytes}
        report(f"Writing {path.name}", plain_bytes, None)
    sync_folder(data)
