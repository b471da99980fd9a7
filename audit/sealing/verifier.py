"""Checks the chain of seals and every sealed row, on one snapshot of the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from audit.sealing import rows
from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.horizon import horizon
from audit.sealing.tables import Layout
from audit.sealing.windows import SealedPast, Window, read_chain


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was checked, and what was found."""

    findings: Findings
    seals: int
    rows: int
    unsealed: int
    head: tuple[int, str] | None


def verify(
    *,
    since: datetime | None = None,
    limit: int = 20,
    total: Callable[[int], object] = lambda count: None,
    advance: Callable[[int], object] = lambda count: None,
) -> Report:
    """Check the whole chain, and the rows of all seals (with `since`, of those made since then).

    `total` is told once how many rows there are to check, `advance` each time that some were.
    """
    findings = Findings(limit=limit)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
            " SET LOCAL work_mem = '128MB'; SET LOCAL jit = off"
        )
        past = read_chain(cursor, findings, since=since, keep=frozenset())
        count = _rows(past)
        total(count)
        unsealed = 0
        for table in sorted(past.windows):
            unsealed += _verify_table(cursor, table, past, findings, advance)
    return Report(
        findings=findings,
        seals=past.seals,
        rows=count,
        unsealed=unsealed,
        head=(past.head.id, past.head.hash.hex()) if past.head else None,
    )


def _verify_table(cursor: Any, table: str, past: SealedPast, findings: Findings, advance: rows.Advance) -> int:
    """Check one table; returns how many of its rows wait for their seal."""
    periods = past.windows[table]
    every = [window for windows in periods.values() for window in windows]
    layout = max(every, key=lambda window: window.seal).layout
    if not _columns_are_there(cursor, layout, findings):
        return 0
    recent = [window for window in every if window.recent]
    bounds = min((window.lo for window in recent), default=past.ends[table]), past.ends[table]
    # Seals without rows cover all periods of a partitioned table; there is nothing to compare them with.
    for period in sorted(period for period in periods if period or not layout.time):
        windows = [window for window in periods[period] if window.recent]
        rows.verify_windows(cursor, layout, period, windows, bounds=bounds, findings=findings, advance=advance)
    return _verify_outside(cursor, layout, past, findings)


def _rows(past: SealedPast) -> int:
    windows: list[Window] = [each for periods in past.windows.values() for some in periods.values() for each in some]
    return sum(window.row_count for window in windows if window.recent)


def _columns_are_there(cursor: Any, layout: Layout, findings: Findings) -> bool:
    """Whether the table still has every column that its seals cover; says which are gone."""
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
        [layout.table],
    )
    present = {name for (name,) in cursor.fetchall()}
    gone = [name for name, _ in layout.columns if name not in present]
    if gone:
        what = "the table is gone" if not present else f"without {', '.join(gone)}"
        findings.add(
            Finding(
                problem=Problem.LAYOUT,
                table=layout.table,
                sentence=f"{layout.table}: its sealed rows cannot be checked: {what}.",
            )
        )
    return not gone


def _verify_outside(cursor: Any, layout: Layout, past: SealedPast, findings: Findings) -> int:
    """Rows that no window covers: of periods without a seal, or of transactions that have not begun.

    Returns how many wait for their seal.
    """
    now = horizon(cursor)
    end = past.ends[layout.table]
    rows.report_unsealed(
        cursor, layout, f"t.txid >= {now.xmax:d}", findings, why="it names a transaction that has not begun"
    )
    if layout.time:
        known = " OR ".join(f"({layout.in_period_sql(period)})" for period in past.windows[layout.table] if period)
        rows.report_unsealed(cursor, layout, f"t.txid < {end:d} AND NOT ({known or 'false'})", findings)
    cursor.execute(f"SELECT count(*) FROM {layout.table} t WHERE t.txid >= {end:d} AND t.txid < {now.xmax:d}")
    (waiting,) = cursor.fetchone()
    return int(waiting)
