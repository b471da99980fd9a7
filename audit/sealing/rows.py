"""Checks the rows of a table against its seals, and names those that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

from django.db import connection

from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.tables import Layout
from audit.sealing.tree import PREFIX_BYTES, root_of
from audit.sealing.windows import Window

#: Rows that are hashed in one statement: what the server sorts at once.
SLAB_ROWS = 250_000

Advance = Callable[[int], object]


def verify_windows(
    cursor: Any,
    layout: Layout,
    period: str,
    windows: list[Window],
    *,
    bounds: tuple[int, int],
    findings: Findings,
    advance: Advance,
) -> None:
    """Compare the windows of one table and period, in the order of their transactions, with the rows that are there.

    Rows of transactions within `bounds` but in no window are invented: there were none when that time was sealed.
    """
    start, end = bounds
    slabs = list(_slabs(windows)) or [[]]
    for slab in slabs:
        upper = end if slab is slabs[-1] else slab[-1].hi
        if slab:
            layout = slab[0].layout
        condition = f"t.txid >= {start:d} AND t.txid < {upper:d} AND {layout.in_period_sql(period)}"
        # An odd bucket 2n + 1 is inside of window n, an even one before, between or behind them.
        edges = ", ".join(f"{window.lo:d}, {window.hi:d}" for window in slab)
        bucket = f"width_bucket(t.txid, ARRAY[{edges}]::bigint[])" if slab else "0"
        cursor.execute(f"SELECT bucket, node FROM ({layout.chunks_sql(bucket=bucket, condition=condition)}) AS c")
        found: dict[int, list[bytes]] = {}
        for number, node in cursor.fetchall():
            found.setdefault(number, []).append(bytes(node))
        for index, window in enumerate(slab):
            if root_of(found.pop(2 * index + 1, [])) != window.root:
                name_rows(layout, period, window, findings)
        if found:
            report_unsealed(cursor, layout, f"{condition} AND {bucket} % 2 = 0", findings)
        advance(sum(window.row_count for window in slab))
        start = upper


def _slabs(windows: list[Window]) -> Iterator[list[Window]]:
    """Neighbours of one layout, so many that they have about `SLAB_ROWS` rows."""
    slab: list[Window] = []
    rows = 0
    for window in windows:
        if slab and (rows + window.row_count > SLAB_ROWS or window.layout is not slab[0].layout):
            yield slab
            slab, rows = [], 0
        slab.append(window)
        rows += window.row_count
    if slab:
        yield slab


def name_rows(layout: Layout, period: str, window: Window, findings: Findings) -> None:
    """Find out which rows break a seal, by the keys and hashes that were kept with it."""
    if not compare_lists(layout, period, window, _stored_chunks(layout, window), findings):
        findings.add(
            Finding(
                problem=Problem.LIST,
                table=layout.table,
                seal=window.seal,
                sentence=f"Seal {window.seal}: rows of {layout.table} were altered, and the list of them in"
                " audit_seal_chunks as well; the list beside the anchor names them (--anchor).",
            )
        )


def compare_lists(
    layout: Layout, period: str, window: Window, chunks: Iterator[dict[bytes, bytes]], findings: Findings
) -> int:
    """Compare a list of a window's rows with those that are there, and report each difference; returns how many."""
    sealed: dict[bytes, bytes] = {}
    live: dict[bytes, bytes] = {}
    named = 0
    nothing: dict[bytes, bytes] = {}
    for stored, present in zip_longest(chunks, _live_chunks(layout, period, window), fillvalue=nothing):
        sealed |= stored
        live |= present
        for key in sealed.keys() & live.keys():
            if sealed.pop(key) != live.pop(key):
                named += 1
                _report(findings, Problem.ALTERED, layout, key, window)
    for problem, keys in ((Problem.MISSING, sealed), (Problem.INVENTED, live)):
        for key in keys:
            named += 1
            _report(findings, problem, layout, key, window)
    return named


def _stored_chunks(layout: Layout, window: Window) -> Iterator[dict[bytes, bytes]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT keys, prefixes FROM audit_seal_chunks WHERE seal_id = %s ORDER BY number", [window.seal])
        for keys, prefixes in cursor:
            yield split(layout, bytes(keys), bytes(prefixes))


def _live_chunks(layout: Layout, period: str, window: Window) -> Iterator[dict[bytes, bytes]]:
    condition = f"t.txid >= {window.lo:d} AND t.txid < {window.hi:d} AND {layout.in_period_sql(period)}"
    chunks = layout.chunks_sql(bucket="0", condition=condition, lists=True)
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT keys, prefixes FROM ({chunks}) AS c ORDER BY number")
        for keys, prefixes in cursor:
            yield split(layout, bytes(keys), bytes(prefixes))


def split(layout: Layout, keys: bytes, prefixes: bytes) -> dict[bytes, bytes]:
    """A chunk's keys and the first bytes of its rows' hashes, in pairs."""
    size = layout.key_size
    return {
        keys[size * n : size * (n + 1)]: prefixes[PREFIX_BYTES * n : PREFIX_BYTES * (n + 1)]
        for n in range(len(keys) // size)
    }


def report_unsealed(cursor: Any, layout: Layout, condition: str, findings: Findings, why: str = "") -> None:
    """Report the rows under the condition as invented: there must be none."""
    cursor.execute(f"SELECT {layout.key_text_sql()}, txid FROM {layout.table} t WHERE {condition} ORDER BY 1")
    for key, txid in cursor.fetchall():
        findings.add(
            Finding(
                problem=Problem.INVENTED,
                table=layout.table,
                key=key,
                sentence=f"{layout.table} {key}: "
                + (why or f"was not there when its transaction {txid} was sealed")
                + ".",
            )
        )


_SENTENCES = {
    Problem.ALTERED: "is not what was sealed",
    Problem.MISSING: "is missing",
    Problem.INVENTED: "was not there when its transaction was sealed",
}


def _report(findings: Findings, problem: Problem, layout: Layout, key: bytes, window: Window) -> None:
    findings.add(
        Finding(
            problem=problem,
            table=layout.table,
            key=layout.readable(key),
            seal=window.seal,
            sentence=f"{layout.table} {layout.readable(key)}: {_SENTENCES[problem]} (seal {window.seal}).",
        )
    )
