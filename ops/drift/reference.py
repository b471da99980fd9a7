"""The measure: what the migrations make of an empty database, kept in a file until one of them changes."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config.commands import EnvironmentFailed
from config.database.owner import connected_to
from config.database.scratch import Server, locale_of
from ops.drift.catalog import QUERIES, Catalog, read_catalog
from ops.migrating import recorder
from ops.migrating.executor import GuardedExecutor
from ops.migrating.source import file_of

#: Libraries whose operations write SQL.
LIBRARIES = ("django", "django-postgres-extra", "django-pgtrigger")
#: Packages of the project whose code migrations may run: all but the commands on top.
PACKAGES = ("config", "accounts", "trading", "liquidity", "risk", "audit")
#: Files that are kept: code revisions and servers that are in use at once.
KEPT = 8

PREFIX = "trading_reference"
#: Nothing in a scratch database outlives a crash of the machine, so nothing waits for the disk.
UNHURRIED = "-c synchronous_commit=off"

Key = tuple[str, str]


@dataclass(frozen=True)
class Reference:
    """The catalog, the hash of all that it depends on, and whether it was made now or read from the file."""

    catalog: Catalog
    digest: str
    cached: bool


def reference(*, applied: frozenset[Key] | None = None, refresh: bool = False) -> Reference:
    """The catalog that migrations give on this server: those `applied`, by default all.

    It is made in a scratch database where no file has it. Raises `EnvironmentFailed` where it can neither be read nor
    made.
    """
    digest = _digest(applied)
    file = settings.SCHEMA_REFERENCE_DIR / f"{digest}.json"
    if not refresh and (known := _read(file)) is not None:
        return Reference(known, digest, cached=True)
    catalog = replay(applied=applied)
    _write(file, catalog)
    return Reference(catalog, digest, cached=False)


def remember(catalog: Catalog) -> None:
    """Keep a catalog as that of all migrations, for a server on which no scratch database can be made."""
    _write(settings.SCHEMA_REFERENCE_DIR / f"{_digest(None)}.json", catalog)


def replay(*, applied: frozenset[Key] | None = None) -> Catalog:
    """Run migrations in a scratch database, with the locale and the schema of the one in use; read what that gives."""
    database = str(connection.settings_dict["NAME"])
    try:
        server = Server.of_settings()
        with server.connect(database) as session:
            schema = session.execute("SELECT current_schema()").fetchone()[0]  # type: ignore[index]
            locale = locale_of(session, database)
        with server.scratch(PREFIX, options=locale) as name, connected_to(name, options=UNHURRIED) as scratch:
            with scratch.cursor() as cursor:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {scratch.ops.quote_name(schema)}")
            executor = GuardedExecutor(scratch)
            targets = executor.loader.graph.leaf_nodes()
            plan = executor.migration_plan(targets)
            if applied is not None:
                plan = [step for step in plan if (step[0].app_label, step[0].name) in applied]
            executor.migrate(targets, plan)
            return read_catalog(scratch.connection, rows_of=None)
    except (DatabaseError, psycopg.Error) as error:
        raise EnvironmentFailed(
            "What the migrations give could not be made in a scratch database, so there is nothing to compare with:"
            f" {str(error).splitlines()[0]}"
        ) from error


def _digest(applied: frozenset[Key] | None) -> str:
    """Changes with every migration, with what it is made of, with the queries, and with the server."""
    with Server.of_settings().connect(str(connection.settings_dict["NAME"])) as session:
        server = session.execute(
            "SELECT current_setting('server_version'), current_schema(), current_user::text,"
            " datcollate, datctype, encoding, datlocprovider::text"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    digest = hashlib.sha256(repr((server, sorted(applied) if applied is not None else None)).encode())
    digest.update(repr([(name, metadata.version(name)) for name in LIBRARIES]).encode())
    for path in _sources():
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    """The files of every migration, of the project's apps that they take code from, and of the queries here."""
    loader = MigrationLoader(None)
    folders = {file_of(migration).parent for migration in loader.disk_migrations.values()}
    folders |= {settings.SOURCE_DIR / package for package in PACKAGES} | {QUERIES.parent}
    files = {path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".sql"}}
    # The table of Django's that remembers them has an index of ours.
    files.add(Path(str(recorder.__file__)))
    yield from sorted(files)


def _read(file: Path) -> Catalog | None:
    try:
        return Catalog.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError):
        return None  # not there, or cut short: it is made again


def _write(file: Path, catalog: Catalog) -> None:
    """Keep the reference, and only the newest few; where the folder takes no file, the next run makes it again."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, suffix=".new", delete=False) as new:
            json.dump(catalog.as_json(), new)
        os.replace(new.name, file)
        older = sorted(file.parent.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]
        for path in older:
            path.unlink(missing_ok=True)
    except OSError:
        return
