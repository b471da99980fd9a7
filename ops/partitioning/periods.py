"""New periods: built aside, then put before the catch-all."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import connection, transaction

from config.commands import Failed
from config.database.partitions import RangePartitioning
from ops.partitioning.locking import HOLD_MS, Patience, briefly

Report = Callable[[str], None]


def add_periods(
    partitioning: RangePartitioning, periods: Sequence[tuple[datetime, datetime]], *, patience: Patience, report: Report
) -> None:
    """Build the partitions of the periods and put them before the catch-all, in as many short locks as it takes."""
    names = [_build(partitioning, start, end) for start, end in periods]
    report("built")
    bounds = [periods[0][0], *(end for _, end in periods)]
    while names:
        attached = briefly(
            "SELECT attach_periods(%s::regclass, %s, %s, %s * interval '1 millisecond')",
            [partitioning.table, names, bounds, HOLD_MS],
            table=partitioning.table,
            patience=patience,
        )
        names, bounds = names[attached:], bounds[attached:]
        report("attached")


def _build(partitioning: RangePartitioning, start: datetime, end: datetime) -> str:
    """A table for one period, which is not attached yet; what a run left here that was killed is made anew."""
    name = partitioning.partition_name(start)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        if cursor.fetchone()[0]:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")
            if cursor.fetchone()[0]:
                raise Failed(
                    f"A table {name} is in the way, with rows and not attached: rename it, then run this again."
                )
            cursor.execute(f"DROP TABLE {name}")
        cursor.execute("SELECT build_partition(%s::regclass, %s, %s, %s)", [partitioning.table, name, start, end])
    return name
