"""Whether this code can use a backup: migrations, server and programs must be no older than what made it."""

from __future__ import annotations

from django.db.migrations.loader import MigrationLoader

from config.commands import VersionSkew
from config.commands.counting import counted
from ops.backup.manifest import Manifest
from ops.backup.tools import Tools


def newer_migrations(manifest: Manifest) -> list[str]:
    """Migrations that the backup has and this code does not know: it was made by newer code."""
    return sorted(set(manifest["migrations"]) - known_migrations())


def missing_migrations(manifest: Manifest) -> list[str]:
    """Migrations that this code has and the backup does not: it was made by older code."""
    return sorted(known_migrations() - set(manifest["migrations"]))


def known_migrations() -> set[str]:
    """All migrations of this code, as `app.name`."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return {f"{app}.{name}" for app, name in loader.disk_migrations}


def restorable(manifest: Manifest) -> str:
    """`yes`, `after migrating` or `no`: by this code."""
    there, known = set(manifest["migrations"]), known_migrations()
    return "yes" if there == known else "after migrating" if there < known else "no"


def require(manifest: Manifest, *, server_version: int, tools: Tools) -> None:
    """Raise VersionSkew, with the way out, where server, programs or code are older than what made the backup."""
    id = manifest["id"]
    if newer := newer_migrations(manifest):
        raise VersionSkew(
            f"{id} was made by newer code ({counted(len(newer), 'migration')} unknown here, as {newer[0]}):"
            f" restore it with that code, revision {manifest['code'][:12]} or later."
        )
    made_by, here = manifest["server"]["version_num"] // 10_000, server_version // 10_000
    if made_by > here:
        raise VersionSkew(
            f"{id} was made on PostgreSQL {made_by}, and this server is {here}: restore it on {made_by} or newer."
        )
    if int(manifest["tools"]["version"].split(".")[0]) > tools.major:
        raise VersionSkew(
            f"{id} was made by pg_dump {manifest['tools']['version']}, and pg_restore here is {tools.version}: name"
            " newer programs in POSTGRES_BIN_DIR."
        )
    tools.require_compression(manifest["tools"]["compression"])
