"""The chain as a verifier needs it: checked link by link, and sorted by what its seals cover."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.choices import SealKind
from audit.sealing import chain
from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.tables import Layout


@dataclass(frozen=True)
class Window:
    """What one seal says about a table's rows of the transactions `lo` ≤ txid < `hi`."""

    seal: int
    lo: int
    hi: int
    row_count: int
    root: bytes
    layout: Layout
    recent: bool


@dataclass
class SealedPast:
    """All windows by table and period, and what else the chain says."""

    windows: dict[str, dict[str, list[Window]]] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    layouts: dict[str, Layout] = field(default_factory=dict)
    tombstones: list[chain.Seal] = field(default_factory=list)
    dropped: set[tuple[str, str]] = field(default_factory=set)
    seals: int = 0
    head: chain.Seal | None = None
    hashes: dict[int, bytes] = field(default_factory=dict)


def read_chain(
    cursor: Any, findings: Findings, *, since: datetime | None, keep: frozenset[int] = frozenset()
) -> SealedPast:
    """Check every link, and collect the windows; `keep` are the seals whose hash the caller wants to see.

    Windows sealed before `since` are collected too, but not marked as recent.
    """
    past = SealedPast()
    starts: dict[str, int] = {}
    for seal in chain.seals(cursor):
        _check_link(seal, past.head, findings)
        past.head, past.seals = seal, past.seals + 1
        if seal.id in keep:
            past.hashes[seal.id] = seal.computed_hash
        if seal.kind == SealKind.LAYOUT:
            _add_layout(seal, past, findings)
        elif seal.kind == SealKind.TOMBSTONE:
            past.tombstones.append(seal)
        elif seal.kind == SealKind.ROWS:
            _add_window(seal, past, starts, findings, recent=since is None or seal.sealed_at >= since)
    return past


def read_period(cursor: Any, table: str, period: str, findings: Findings) -> SealedPast:
    """What the chain says of one period of a table: its windows, its layouts, and up to where the table is sealed.

    Nothing else of the chain is read, so its links are not checked.
    """
    past = SealedPast()
    for seal in chain.seals_of(cursor, table, period):
        if seal.kind == SealKind.LAYOUT:
            _add_layout(seal, past, findings)
        elif layout := past.layouts.get(table):
            window = Window(seal.id, seal.lo or 0, seal.hi or 0, seal.row_count, seal.root, layout, recent=True)
            past.windows.setdefault(table, {}).setdefault(period, []).append(window)
    past.ends[table] = chain.sealed_until(cursor, table)
    return past


def _check_link(seal: chain.Seal, before: chain.Seal | None, findings: Findings) -> None:
    expected = before.id + 1 if before else 1
    problem = ""
    if seal.id != expected:
        missing = f"{expected} is" if seal.id == expected + 1 else f"{expected} to {seal.id - 1} are"
        problem = f"the chain has a gap: seal {missing} missing"
    elif seal.previous_hash != (before.hash if before else None):
        problem = "it does not follow the seal before it"
    elif seal.hash != seal.computed_hash:
        problem = "its hash is not that of what it says"
    if problem:
        findings.add(Finding(problem=Problem.CHAIN, seal=seal.id, sentence=f"Seal {seal.id}: {problem}."))


def _add_layout(seal: chain.Seal, past: SealedPast, findings: Findings) -> None:
    table = seal.sealed_table
    try:
        past.layouts[table] = Layout.from_json(table, seal.details)
    except ValueError:
        sentence = f"Seal {seal.id}: it states no layout of {table} by which rows could be hashed."
        findings.add(Finding(problem=Problem.LAYOUT, table=table, seal=seal.id, sentence=sentence))


def _add_window(
    seal: chain.Seal,
    past: SealedPast,
    starts: dict[str, int],
    findings: Findings,
    *,
    recent: bool,
) -> None:
    table, lo, hi = seal.sealed_table, seal.lo or 0, seal.hi or 0
    if table not in past.layouts:
        findings.add(
            Finding(
                problem=Problem.CHAIN,
                table=table,
                seal=seal.id,
                sentence=f"Seal {seal.id}: no layout of {table} was sealed before it.",
            )
        )
        return
    if not past.layouts[table].has_period(seal.period):
        sentence = f"Seal {seal.id}: {table} has no period {seal.period}."
        findings.add(Finding(problem=Problem.CHAIN, table=table, seal=seal.id, sentence=sentence))
        return
    # A run's seals of several periods share their bounds.
    if lo != past.ends.get(table, 0) and (lo, hi) != (starts.get(table), past.ends.get(table)):
        findings.add(
            Finding(
                problem=Problem.CHAIN,
                table=table,
                seal=seal.id,
                sentence=f"Seal {seal.id}: {table} was sealed up to transaction {past.ends.get(table, 0)},"
                f" but it begins at {lo}.",
            )
        )
    starts[table], past.ends[table] = lo, max(hi, past.ends.get(table, 0))
    window = Window(seal.id, lo, hi, seal.row_count, seal.root, past.layouts[table], recent)
    past.windows.setdefault(table, {}).setdefault(seal.period, []).append(window)
