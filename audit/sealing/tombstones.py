"""What stays of a partition that was dropped: how many rows it had, and that they were the ones that were sealed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from audit.choices import SealKind
from audit.sealing import chain
from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.rows import verify_windows
from audit.sealing.tables import sealed_tables
from audit.sealing.windows import SealedPast, Window, read_period
from config.commands import Failed, VerificationFailed
from config.commands.counting import counted
from config.database.locks import lock_key
from config.database.partitions import DepartingPartition


def certify(partition: DepartingPartition, connection: Any) -> None:
    """Compare a partition's rows with their seals a last time, and write its tombstone into the chain.

    Called in the transaction that drops it, when it is detached and locked. Raises `Failed` where rows of it are not
    sealed yet, `VerificationFailed` where one is not what was sealed; then it stays. Where nothing has ever been sealed
    there is nothing to certify.
    """
    if partition.table not in {table.name for table in sealed_tables()}:
        return
    with connection.cursor() as cursor:
        # Until the end of the transaction: the sealer would follow the same head.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key(chain.LOCK)])
        head = chain.newest(cursor)
        if head is None:
            return
        findings = Findings(limit=5)
        period = f"{partition.lower:%Y-%m-%d}"
        past = read_period(cursor, partition.table, period, findings)
        windows = past.windows.get(partition.table, {}).get(period, [])
        end = past.ends[partition.table]
        cursor.execute(f"SELECT count(*) FROM {partition.name} WHERE txid >= %s", [end])
        (waiting,) = cursor.fetchone()
        if waiting:
            raise Failed(
                f"{counted(waiting, 'row')} of {partition.name} without a seal: run seal_audit, then try again."
            )
        layout = past.layouts.get(partition.table)
        if layout is not None:
            moved = [replace(window, layout=replace(window.layout, table=partition.name)) for window in windows]
            verify_windows(
                cursor,
                replace(layout, table=partition.name),
                period,
                moved,
                bounds=(0, end),
                findings=findings,
                advance=lambda count: None,
            )
        if findings.total:
            named = " ".join(finding.sentence for finding in findings.kept)
            raise VerificationFailed(f"{partition.name} stays, since it is not what was sealed: {named}")
        chain.append(
            cursor,
            head,
            SealKind.TOMBSTONE,
            table=partition.table,
            period=period,
            row_count=partition.rows,
            details=json.dumps(
                {
                    "partition": partition.name,
                    "from": partition.lower.isoformat(),
                    "until": partition.upper.isoformat(),
                    "seals": len(windows),
                    "roots": roots_of(windows),
                    "content": partition.content_hash.hex(),
                },
                separators=(",", ":"),
            ),
        )


def roots_of(windows: list[Window]) -> str:
    """One hash over the roots of a period's seals, in order."""
    return hashlib.sha256(b"".join(window.root for window in windows)).hexdigest()


def bury(past: SealedPast, findings: Findings) -> None:
    """Check every tombstone against the seals of its period, and take those out of what is to be compared."""
    for stone in past.tombstones:
        periods = past.windows.get(stone.sealed_table, {})
        windows = periods.get(stone.period, [])
        before = [window for window in windows if window.seal < stone.id]
        layout = past.layouts.get(stone.sealed_table)
        said = _said(stone)
        name = str(said.get("partition", f"{stone.sealed_table} {stone.period}"))
        is_of_a_period = layout is not None and stone.period and layout.has_period(stone.period)
        if (
            not is_of_a_period
            or (said.get("seals"), said.get("roots")) != (len(before), roots_of(before))
            or stone.row_count != sum(window.row_count for window in before)
        ):
            findings.add(
                Finding(
                    problem=Problem.TOMBSTONE,
                    table=stone.sealed_table,
                    key=name,
                    seal=stone.id,
                    sentence=f"{name}: what its tombstone (seal {stone.id}) says is not what was sealed.",
                )
            )
        if not is_of_a_period:
            continue
        periods[stone.period] = [window for window in windows if window.seal > stone.id]
        past.dropped.add((stone.sealed_table, stone.period))


def _said(stone: chain.Seal) -> dict[str, Any]:
    """What a tombstone says; nothing where it was made unreadable."""
    try:
        said = json.loads(stone.details)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
