"""Watches each statement of a migration: its locks, rewrites and scans, and how long it holds what others wait for.

An execute wrapper of Django's connection. What it asks the catalog itself goes past the wrapper, and its time
is not counted.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from ops.migrating.splitting import statements
from ops.rehearsal.locks import BLOCKS, MODES, ROWS, known_lock, runs_alone, table_of_changed_rows

#: The record of migrations, and Django's look whether it is there: no part of any migration.
BOOKKEEPING = ("django_migrations", "pg_catalog.pg_table_is_visible")

#: Tables and indexes by object id: name, name of the table that it belongs to (a partition: its parent), kind, file.
RELATIONS = """
    SELECT c.oid, c.relname, coalesce(parent.relname, t.relname, c.relname), c.relkind::text, c.relfilenode
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_index x ON x.indexrelid = c.oid
      LEFT JOIN pg_class t ON t.oid = x.indrelid
      LEFT JOIN pg_inherits h ON h.inhrelid = coalesce(t.oid, c.oid) AND coalesce(t.relispartition, c.relispartition)
      LEFT JOIN pg_class parent ON parent.oid = h.inhparent
     WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
LOCKS = "SELECT relation, mode FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid() AND granted"
SCANS = "SELECT relid, seq_scan FROM pg_stat_xact_user_tables WHERE seq_scan > 0"
LOCK_TIMEOUT = "SELECT setting::float FROM pg_settings WHERE name = 'lock_timeout'"

Relations = dict[int, tuple[str, str, str, int]]


@dataclass(frozen=True)
class Lock:
    """A lock on a table that was there before its transaction; `partitions`: on so many of its partitions, too."""

    table: str
    mode: str
    partitions: int = 0

    @property
    def blocks(self) -> str | None:
        """Who waits for it, or None for nobody."""
        return "writes to those rows" if self.mode == ROWS else BLOCKS.get(self.mode)


@dataclass
class Statement:
    """One statement: `held_ms` is the time from its begin to the commit, during which what it locked stays locked."""

    migration: str
    sql: str
    locks: list[Lock] = field(default_factory=list)
    rewrites: list[str] = field(default_factory=list)
    scans: list[str] = field(default_factory=list)
    rows: int = 0
    duration_ms: float = 0
    held_ms: float = 0
    lock_wait_ms: float = 0
    _started: float = 0
    _watched: float = 0

    @property
    def blocking(self) -> list[Lock]:
        return [lock for lock in self.locks if lock.blocks]

    @property
    def stall_ms(self) -> float:
        """How long others may wait: for the statement while it waits for its lock, then until it commits.

        Who comes while it waits queues behind it, so its lock time-out counts; without one that time is unknown and
        left out.
        """
        return self.held_ms + self.lock_wait_ms if self.blocking else 0


class Trace:
    """The statements of one run, in their order.

    Watches while `migration` names one, which the caller sets when it begins and empties when it has ended; `finish`
    ends the run.
    """

    def __init__(self, connection: Any) -> None:
        self.statements: list[Statement] = []
        self.migration = ""
        self._connection = connection
        self._open: list[Statement] = []
        self._held: set[tuple[int, str]] = set()
        self._before: Relations = {}
        self._watched = 0.0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        text = str(sql)
        if not self.migration or any(sign in text for sign in BOOKKEEPING):
            return execute(sql, params, many, context)
        if params or many:
            return self._watch(text, lambda: execute(sql, params, many, context), context)
        result = None
        for piece in list(statements(text)) or [text]:
            result = self._watch(piece, partial(execute, piece, params, many, context), context)
        return result

    def finish(self) -> list[Statement]:
        self._close(time.perf_counter())
        return self.statements

    @property
    def _raw(self) -> psycopg.Connection[Any]:
        raw: psycopg.Connection[Any] = self._connection.connection
        return raw

    def _watch(self, text: str, run: Callable[[], Any], context: dict[str, Any]) -> Any:
        outside = self._raw.info.transaction_status == TransactionStatus.IDLE
        if outside:
            self._close(time.perf_counter())
        if outside and runs_alone(text):
            return self._alone(text, run)
        if not outside or not self._connection.get_autocommit():
            return self._inside(text, run, context, begins=outside)
        # In a transaction of its own, because its locks are gone before they can be seen otherwise.
        self._raw.execute("BEGIN")
        try:
            result = self._inside(text, run, context, begins=True)
            self._raw.execute("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                self._raw.execute("ROLLBACK")
            raise
        self._close(time.perf_counter())
        return result

    def _inside(self, text: str, run: Callable[[], Any], context: dict[str, Any], *, begins: bool) -> Any:
        looked = time.perf_counter()
        relations = self._relations()
        if begins:
            self._before, self._held = relations, set()
            if self._connection.in_atomic_block:
                self._connection.on_commit(lambda: self._close(time.perf_counter()))
        scanned = self._scans()
        self._watched += time.perf_counter() - looked
        statement = Statement(self.migration, text, _started=time.perf_counter(), _watched=self._watched)
        result = run()
        ended = time.perf_counter()
        statement.duration_ms = (ended - statement._started) * 1000
        if not text.upper().startswith("TRUNCATE"):  # which gives a new file as well, and writes nothing
            statement.rewrites = _rewritten(relations, self._relations())
        statement.scans = sorted(
            {
                self._before[oid][1]
                for oid, count in self._scans().items()
                if oid in self._before and count > scanned.get(oid, 0)
            }
        )
        statement.locks = self._new_locks()
        statement.lock_wait_ms = self._one(LOCK_TIMEOUT)
        changed = context["cursor"].rowcount
        if (table := table_of_changed_rows(text)) and changed > 0:
            statement.rows = changed
            statement.locks.append(Lock(table, ROWS))
        self.statements.append(statement)
        self._open.append(statement)
        self._watched += time.perf_counter() - ended
        return result

    def _alone(self, text: str, run: Callable[[], Any]) -> Any:
        """A statement that is not allowed in a transaction: its locks are those it is known for."""
        relations = self._relations()
        owners = {name: table for name, table, _, _ in relations.values()}
        statement = Statement(self.migration, text, _started=time.perf_counter(), _watched=self._watched)
        result = run()
        statement.duration_ms = statement.held_ms = (time.perf_counter() - statement._started) * 1000
        if (lock := known_lock(text)) and lock[0] in owners:
            statement.locks = [Lock(owners[lock[0]], lock[1])]
        if text.upper().startswith(("BEGIN", "START", "COMMIT", "END", "ROLLBACK")):
            return result
        statement.lock_wait_ms = self._one(LOCK_TIMEOUT)
        self.statements.append(statement)
        return result

    def _new_locks(self) -> list[Lock]:
        """Locks on tables that were there before the transaction, which this statement took or made stronger."""
        modes: dict[str, str] = {}
        partitions: dict[str, set[str]] = {}
        for oid, mode in self._rows(LOCKS):
            if oid not in self._before or (oid, mode) in self._held or mode not in MODES:
                continue
            self._held.add((oid, mode))
            name, table, kind, _ = self._before[oid]
            if kind not in "rpm":
                continue  # an index is locked with its table
            modes[table] = max(modes.get(table, mode), mode, key=MODES.index)
            partitions.setdefault(table, set()).update({name} - {table})
        return [Lock(table, mode, len(partitions[table])) for table, mode in sorted(modes.items())]

    def _close(self, now: float) -> None:
        """The transaction has ended: what was locked in it was held until now, less the time of watching."""
        for statement in self._open:
            statement.held_ms = (now - statement._started - (self._watched - statement._watched)) * 1000
        self._open = []

    def _relations(self) -> Relations:
        return {row[0]: row[1:] for row in self._rows(RELATIONS)}

    def _scans(self) -> dict[int, int]:
        return dict(self._rows(SCANS))

    def _one(self, query: str) -> float:
        return float(self._rows(query)[0][0])

    def _rows(self, query: str) -> list[Any]:
        with self._raw.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query).fetchall()


def _rewritten(before: Relations, after: Relations) -> list[str]:
    """Tables and indexes that have a new file; by name, as an index of a changed column is made anew as another."""
    files = {name: file for name, _, _, file in before.values()}
    return sorted(name for name, _, _, file in after.values() if files.get(name, file) != file)
