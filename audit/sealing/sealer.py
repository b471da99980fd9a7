"""Makes seals: all rows of transactions that have ended, table by table.

A row's key or time does not tell whether rows before it may still come: transactions commit in another order than they
begin. What does is the row's transaction: none below `pg_snapshot_xmin` runs any more, so rows below it are complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from audit.choices import SealKind
from audit.models import AuditLog
from audit.sealing import chain
from audit.sealing.code import seal_code
from audit.sealing.horizon import Horizon, horizon
from audit.sealing.row_hashes import write_row_hashes
from audit.sealing.tables import Layout, SealedTable, sealed_tables
from audit.sealing.tree import root_of
from config.commands import EnvironmentFailed, Failed

#: A table without new rows is sealed this often, so that nothing older can be slipped in.
IDLE = timedelta(hours=1)


@dataclass
class Sealed:
    """What one run has sealed: rows by table, how many seals, and the newest of the chain."""

    rows: dict[str, int] = field(default_factory=dict)
    seals: int = 0
    head: chain.Seal | None = None


def seal(*, done: Callable[[SealedTable], None] = lambda table: None) -> Sealed:
    """Seal what can be sealed. The caller is the owner and holds the lock `chain.LOCK`.

    Each table is a transaction of its own, which writes nothing but seals, and with those of the log the hashes of the
    changed rows; it waits for nobody.
    """
    sealed = Sealed()
    with sealing_transaction() as cursor:
        _open(cursor, sealed)
    for table in sealed_tables():
        with sealing_transaction() as cursor:
            sealed.head = _seal_table(cursor, table, _head(cursor), sealed)
        done(table)
    return sealed


def sealing_has_begun() -> bool:
    """Whether there is a chain."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('audit_seal_chunks') IS NOT NULL")
        return bool(cursor.fetchone()[0]) and chain.newest(cursor) is not None


def reseal_code() -> None:
    """Seal the functions and triggers that a migration has made, where they are others. The caller is the owner."""
    with sealing_transaction() as cursor:
        if head := chain.newest(cursor):
            seal_code(cursor, head)


@contextmanager
def sealing_transaction() -> Iterator[Any]:
    """A transaction with one snapshot, which may take as long as it takes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
            " SET LOCAL work_mem = '64MB'; SET LOCAL jit = off"
        )
        yield cursor


def _open(cursor: Any, sealed: Sealed) -> None:
    """Begin the chain where there is none, and say in it when the database has moved."""
    database = horizon(cursor).database
    head = chain.newest(cursor)
    if head is None:
        sealed.seals += seal_code(cursor, chain.append(cursor, None, SealKind.START, details=database)).id
        return
    _refuse_lower_counter(cursor)
    cursor.execute(
        "(SELECT details, id FROM audit_seals WHERE kind = 'restored' ORDER BY id DESC LIMIT 1)"
        " UNION ALL (SELECT details, id FROM audit_seals WHERE kind = 'start' LIMIT 1) ORDER BY id DESC LIMIT 1"
    )
    if cursor.fetchone()[0] != database:
        chain.append(cursor, head, SealKind.RESTORED, details=database)
        sealed.seals += 1


def _head(cursor: Any) -> chain.Seal:
    head = chain.newest(cursor)
    if head is None:
        raise Failed("The chain of seals has vanished while it was being written: restore audit_seals from a backup.")
    return head


def _refuse_lower_counter(cursor: Any) -> None:
    """A database that was restored into a younger cluster gives out numbers that are sealed already."""
    cursor.execute(
        "SELECT coalesce(max(hi), 0) FROM"
        " (SELECT hi FROM audit_seals WHERE kind = 'rows' ORDER BY id DESC LIMIT 100) AS newest"
    )
    (sealed_until,) = cursor.fetchone()
    now = horizon(cursor)
    if now.xmax < sealed_until:
        raise EnvironmentFailed(
            f"Transactions up to {sealed_until} are sealed, but this server counts from {now.xmax}: the database was"
            f" restored into another server. Stop that and run pg_resetwal -e {(sealed_until >> 32) + 1}"
            " -D DATA_DIRECTORY, before anything is written (docs/OPERATIONS.md)."
        )


def _seal_table(cursor: Any, table: SealedTable, head: chain.Seal, sealed: Sealed) -> chain.Seal:
    layout = table.layout(cursor)
    if _stated_layout(cursor, table.name) != layout.as_json():
        head = chain.append(cursor, head, SealKind.LAYOUT, table=table.name, details=layout.as_json())
        sealed.seals += 1
    now: Horizon = horizon(cursor)
    cursor.execute(
        "SELECT hi, sealed_at < now() - %s FROM audit_seals"
        " WHERE sealed_table = %s AND hi IS NOT NULL ORDER BY hi DESC LIMIT 1",
        [IDLE, table.name],
    )
    lo, idle = cursor.fetchone() or (0, True)
    if now.xmin <= lo:
        return head
    window = f"t.txid >= {lo:d} AND t.txid < {now.xmin:d}"
    cursor.execute(
        f"SELECT {layout.period_sql()} AS period, count(*) FROM {table.name} t WHERE {window} GROUP BY 1 ORDER BY 1"
    )
    periods = [(period, count) for period, count in cursor.fetchall() if count]
    if not periods and not idle:
        return head
    for period, count in periods or [("", 0)]:
        root = _write_chunks(cursor, layout, window, period, seal_id=head.id + 1) if count else root_of([])
        head = chain.append(
            cursor,
            head,
            SealKind.ROWS,
            table=table.name,
            period=period,
            bounds=(lo, now.xmin),
            row_count=count,
            root=root,
        )
        sealed.seals += 1
        sealed.rows[table.name] = sealed.rows.get(table.name, 0) + count
    if periods and table.name == AuditLog._meta.db_table:
        write_row_hashes(cursor, lo, now.xmin)
    return head


def _stated_layout(cursor: Any, table: str) -> str | None:
    cursor.execute(
        "SELECT details FROM audit_seals WHERE kind = 'layout' AND sealed_table = %s ORDER BY id DESC LIMIT 1", [table]
    )
    row = cursor.fetchone()
    return str(row[0]) if row else None


def _write_chunks(cursor: Any, layout: Layout, window: str, period: str, *, seal_id: int) -> bytes:
    """Hash the rows inside the server, keep their chunks, and return the root."""
    chunks = layout.chunks_sql(bucket="0", condition=f"{window} AND {layout.in_period_sql(period)}", lists=True)
    cursor.execute(
        "INSERT INTO audit_seal_chunks (seal_id, number, row_count, node, keys, prefixes)"
        f" SELECT {seal_id:d}, number, row_count, node, keys, prefixes FROM ({chunks}) AS c (bucket, number, row_count,"
        " node, keys, prefixes)"
    )
    cursor.execute("SELECT node FROM audit_seal_chunks WHERE seal_id = %s ORDER BY number", [seal_id])
    return root_of([bytes(node) for (node,) in cursor.fetchall()])
