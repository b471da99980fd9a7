"""What a migration is made of: its file and the SQL files that it runs."""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation

from config.database.operations import RunSQLFile
from ops.diagram import APPS

#: The apps whose migrations are the project's own.
PROJECT_APPS = frozenset({"database", *APPS})


def file_of(migration: Migration) -> Path:
    """The file that the migration stands in."""
    return Path(str(sys.modules[type(migration).__module__].__file__))


def source_digest(migration: Migration) -> bytes:
    """SHA-256 of the migration's file and of the SQL files it runs, the same for every kind of line end."""
    digest = hashlib.sha256(file_of(migration).read_bytes().replace(b"\r\n", b"\n"))
    for operation in _all_operations(migration.operations):
        if isinstance(operation, RunSQLFile):
            digest.update(f"\0{operation.sql}\0{operation.reverse_sql}".encode())
    return digest.digest()


def _all_operations(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        yield operation
        yield from _all_operations(getattr(operation, "database_operations", None) or [])
