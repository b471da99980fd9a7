"""Migrations one by one, up and down, watched for what others would have to wait for."""

from collections.abc import Callable
from typing import Any

import psycopg
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState

from config.database.locks import connection_parameters
from ops.migrating.executor import GuardedExecutor
from ops.migrating.source import PROJECT_APPS
from ops.rehearsal.locks import BLOCKS

#: Tables of at most some hundred rows, all of them written by migrations.
SMALL = {"order_status_transitions"}
#: Migrations that are older than the first row of their tables.
BEFORE_USE = {"audit.0005_books_verified", "audit.0008_contexts_and_layouts", "audit.0012_seal_chain"}
_FILES = "SELECT oid, relfilenode FROM pg_class WHERE relkind IN ('r', 'p')"
#: Tables that this transaction keeps others from writing, with their file, and whether it has read all their rows.
_LOCKED = """
    SELECT c.oid, c.relname, relfilenode, seq_scan > 0
      FROM pg_locks JOIN pg_class c ON c.oid = relation JOIN pg_stat_xact_user_tables ON relid = c.oid
     WHERE pid = pg_backend_pid() AND locktype = 'relation' AND mode = ANY (%s)
"""


class BackAndForth(GuardedExecutor):
    """On the way down each migration is applied once more: what it has left does not stop it.

    `long` names the tables that were read or rewritten as a whole by a transaction that stopped their writers.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.long: list[str] = []

    def _run(self, *arguments: Any, **options: Any) -> ProjectState:
        with self.connection.cursor() as cursor:
            # Else what was read before would count as read by the next transaction.
            cursor.execute("SELECT pg_stat_force_next_flush()")
        return super()._run(*arguments, **options)

    def unapply_migration(self, state: ProjectState, migration: Migration, fake: bool = False) -> ProjectState:
        super().unapply_migration(state, migration, fake)
        super().apply_migration(state.clone(), migration, fake)
        return super().unapply_migration(state, migration, fake)

    def _record(self, step: Any, record: Callable[[], None]) -> None:
        migration = f"{step.app}.{step.name}"
        if self.connection.in_atomic_block and step.app in PROJECT_APPS and migration not in BEFORE_USE:
            with psycopg.connect(**connection_parameters(self.connection.alias), autocommit=True) as other:
                files: dict[int, int] = dict(other.execute(_FILES).fetchall())
            with self.connection.cursor() as cursor:
                cursor.execute(_LOCKED, [[*BLOCKS]])
                self.long += [
                    f"{migration} {step.direction}: {table}"
                    for oid, table, file, was_read in cursor.fetchall()
                    if oid in files and (was_read or file != files[oid]) and table not in SMALL
                ]
        super()._record(step, record)
