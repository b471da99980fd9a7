"""New periods: built aside, then put before the catch-all."""

from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, connection, transaction
from psycopg.errors import ObjectInUse

from config.commands import Failed
from config.database.partitions import RangePartitioning
from ops.partitioning import Report
from ops.partitioning.locking import HOLD_MS, Patience, briefly
from ops.partitioning.splitting import AT_ONCE, split_catch_all


def add_periods(
    partitioning: RangePartitioning, periods: Sequence[tuple[datetime, datetime]], *, patience: Patience, report: Report
) -> int:
    """Put the partitions of the periods before the catch-all, in as many short locks as it takes.

    Returns how many rows were in the catch-all at the times when it was split, those included that stay in it.
    """
    moved = 0
    names = [partitioning.partition_name(start) for start, _ in periods]
    bounds = [periods[0][0], *(end for _, end in periods)]
    while names:
        if _has_pages(partitioning.table):
            _clear(names[:AT_ONCE])
            done = len(names[:AT_ONCE])
            moved += split_catch_all(
                partitioning.table, names[:done], bounds[: done + 1], patience=patience, report=report
            )
        else:
            done = _attach(partitioning.table, names, bounds, patience=patience, report=report)
        names, bounds = names[done:], bounds[done:]
    return moved


def _attach(table: str, names: Sequence[str], bounds: Sequence[datetime], *, patience: Patience, report: Report) -> int:
    """Build partitions and attach as many as one short lock allows; none if rows have come to the catch-all."""
    _clear(names)
    for name, start, end in zip(names, bounds, bounds[1:], strict=False):
        with connection.cursor() as cursor:
            cursor.execute("SELECT build_partition(%s::regclass, %s, %s, %s)", [table, name, start, end])
    report("built")
    attached = 0
    while attached < len(names):
        try:
            attached += briefly(
                "SELECT attach_periods(%s::regclass, %s, %s, %s * interval '1 millisecond')",
                [table, names[attached:], bounds[attached:], HOLD_MS],
                table=table,
                patience=patience,
            )
        except OperationalError as error:
            if isinstance(error.__cause__, ObjectInUse):
                break
            raise
        report("attached")
    return attached


def _has_pages(table: str) -> bool:
    """Whether a row was ever written to the catch-all: it is replaced then, so that nothing is read under a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(to_regclass(%s)) > 0", [f"{table}_catch_all"])
        return bool(cursor.fetchone()[0])


def _clear(names: Sequence[str]) -> None:
    """Drop what a run that was killed has built and not attached."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in names:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
            if not cursor.fetchone()[0]:
                continue
            cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")
            if cursor.fetchone()[0]:
                raise Failed(f"A table {name} is in the way, with rows and not attached: rename it, then run again.")
            cursor.execute(f"DROP TABLE {name}")
