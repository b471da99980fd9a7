"""The comparison of a live database with the reference."""

import time
from dataclasses import dataclass
from typing import Any

from django.db.migrations.loader import MigrationLoader
from psycopg import Connection

from config.database.owner import owner_connection
from ops.drift.catalog import Catalog, read_catalog
from ops.drift.differences import Difference, differences
from ops.drift.reference import Reference, reference
from ops.drift.roles import with_declared_roles


@dataclass(frozen=True)
class Report:
    """What was found; no difference means that the database is what the migrations make."""

    differences: tuple[Difference, ...]
    pending: tuple[str, ...]
    objects: int
    reference: Reference
    seconds: float


def check(*, refresh: bool = False) -> Report:
    """Compare the database in use, read as the owner, with what its migrations give; changes nothing in it.

    Measured by the migrations that it has: those that it has not yet are named as pending, and are no drift. Raises
    `EnvironmentFailed` where there is no reference and none can be made.
    """
    started = time.monotonic()
    connection = owner_connection()
    try:
        loader = MigrationLoader(connection)
        applied, known = set(loader.applied_migrations), set(loader.graph.nodes)
        # One that others were applied upon must have been, whatever the record says.
        needed = {key for leaf in applied & known for key in loader.graph.forwards_plan(leaf)}
        pending = sorted(f"{app}.{name}" for app, name in known - needed)
        expected = reference(applied=frozenset(needed) if pending else None, refresh=refresh)
        connection.ensure_connection()
        found = read_catalog(connection.connection, rows_of=expected.catalog.rows)
    finally:
        connection.close()
    recorded = [Difference("migration", f"{app}.{name}", "unexpected") for app, name in sorted(applied - known)]
    recorded += [Difference("migration", f"{app}.{name}", "missing") for app, name in sorted(needed - applied)]
    return Report(
        differences=(*recorded, *against(expected.catalog, found)),
        pending=tuple(pending),
        objects=sum(map(len, found.kinds.values())),
        reference=expected,
        seconds=time.monotonic() - started,
    )


def compare(connection: Connection[Any], expected: Catalog) -> list[Difference]:
    """The differences between the database of a connection and a reference."""
    return against(expected, read_catalog(connection, rows_of=expected.rows))


def against(expected: Catalog, found: Catalog) -> list[Difference]:
    """The differences between two catalogs, with the roles measured by their declaration."""
    return differences(with_declared_roles(expected, found), found)
