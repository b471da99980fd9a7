"""Checks the chain of seals, every sealed row, the log against the rows, and the code, on one snapshot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction

from audit.sealing import anchor, evidence, rows
from audit.sealing.code import verify_code
from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.history import Begin, verify_history
from audit.sealing.horizon import horizon
from audit.sealing.tables import Layout
from audit.sealing.tombstones import bury
from audit.sealing.windows import SealedPast, read_chain
from config.commands import EnvironmentFailed


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was checked, and what was found."""

    findings: Findings
    seals: int
    rows: int
    unsealed: int
    live: int
    versions: int
    anchors: int
    head: tuple[int, str] | None


def verify(
    *,
    since: datetime | None = None,
    limit: int = 20,
    anchor_file: Path | None = None,
    public_key: Ed25519PublicKey | None = None,
    begin: Begin = lambda what, count: None,
    advance: rows.Advance = lambda count: None,
) -> Report:
    """Check the whole chain, the rows of all seals (with `since`, of those made since then), history and code.

    `anchor_file` holds heads that were exported, signed with `public_key`. `begin` is told each part of the work and
    how many rows it has, `advance` each time that some of them are done.
    """
    findings = Findings(limit=limit)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
            " SET LOCAL work_mem = '128MB'; SET LOCAL jit = off"
        )
        anchors = list(anchor.read_anchors(anchor_file, public_key, findings)) if anchor_file and public_key else []
        past = read_chain(cursor, findings, since=since, keep=frozenset(each.seal for each in anchors))
        bury(past, findings)
        count = _rows(past)
        begin("Verifying rows", count)
        unsealed = sum(_verify_table(cursor, table, past, findings, advance) for table in sorted(past.windows))
        head = past.head.id if past.head else 0
        if anchor.compare(anchors, past.hashes, head, findings) and anchor_file:
            evidence.name_rows_by_lists(anchor_file, findings, dropped=past.dropped)
        live, versions = verify_history(cursor, past, findings, begin, advance)
        verify_code(cursor, findings)
    return Report(
        findings=findings,
        seals=past.seals,
        rows=count,
        unsealed=unsealed,
        live=live,
        versions=versions,
        anchors=len(anchors),
        head=(past.head.id, past.head.hash.hex()) if past.head else None,
    )


def _verify_table(cursor: Any, table: str, past: SealedPast, findings: Findings, advance: rows.Advance) -> int:
    """Check one table; returns how many of its rows wait for their seal."""
    periods = past.windows[table]
    layout = past.layouts[table]
    if not _columns_are_there(cursor, layout, findings):
        return 0
    recent = [window for windows in periods.values() for window in windows if window.recent]
    bounds = min((window.lo for window in recent), default=past.ends[table]), past.ends[table]
    # Seals without rows cover all periods of a partitioned table; there is nothing to compare them with.
    for period in sorted(period for period in periods if period or not layout.time):
        home = _home(cursor, layout, period)
        windows = [
            replace(window, layout=replace(window.layout, table=home)) for window in periods[period] if window.recent
        ]
        rows.verify_windows(
            cursor, replace(layout, table=home), period, windows, bounds=bounds, findings=findings, advance=advance
        )
    return _verify_outside(cursor, layout, past, findings)


def _home(cursor: Any, layout: Layout, period: str) -> str:
    """Where the rows of a period are: in the table, or in its partition that is detached and not dropped yet."""
    if not period:
        return layout.table
    day = date.fromisoformat(period)
    name = f"{layout.table}_p{day:%Y_%m}" if layout.interval == "month" else f"{layout.table}_p{day:%Y_%m_%d}"
    cursor.execute(
        "SELECT has_table_privilege(oid, 'SELECT') FROM pg_class"
        " WHERE oid = to_regclass(%s) AND relkind = 'r' AND NOT relispartition",
        [name],
    )
    row = cursor.fetchone()
    if row is None:
        return layout.table
    if not row[0]:
        raise EnvironmentFailed(
            f"{name} is on its way out of {layout.table}, and this role may not read it: run `partitions`, which ends"
            " that, or verify as the schema's owner."
        )
    return name


def _rows(past: SealedPast) -> int:
    return sum(
        window.row_count
        for periods in past.windows.values()
        for windows in periods.values()
        for window in windows
        if window.recent
    )


def _columns_are_there(cursor: Any, layout: Layout, findings: Findings) -> bool:
    """Whether the table still has every column that its seals cover; says which are gone."""
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
        [layout.table],
    )
    present = {name for (name,) in cursor.fetchall()}
    gone = [name for name, _ in layout.columns if name not in present]
    if gone:
        what = f"without {', '.join(gone)}" if present else "the table is gone"
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
