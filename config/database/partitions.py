"""Range partitions by time: which table is cut how, and the SQL that makes the pieces.

There is no DEFAULT partition (it forbids DETACH CONCURRENTLY). One catch-all reaches from the last premade bound to
MAXVALUE, so that a forgotten timer never stops a write. All bounds are midnights in UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection


class Interval(StrEnum):
    """The length of one partition; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class RangePartitioning:
    """How one table is cut: `premake` periods are made ahead of the current one."""

    table: str
    interval: Interval
    premake: int


def initial_partitions_sql(table: str, interval: Interval, premake: int) -> str:
    """SQL that gives a new partitioned table its current and next periods, and the catch-all behind them."""
    return (
        f"SELECT ensure_partitions('{table}', '{interval}', now(), now() + interval '{premake} {interval}');"
        f" SELECT add_catch_all_partition('{table}')"
    )


def ensure_partitions(partitioning: RangePartitioning, first: datetime, last: datetime) -> int:
    """Make the partitions that rows from `first` to `last` need and that are missing; return how many were made.

    Periods that the catch-all covers are left to it. Runs in the caller's transaction, under a lock that only another
    call for the same table waits for.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ensure_partitions(%s::regclass, %s, %s, %s)",
            [partitioning.table, partitioning.interval.value, first, last],
        )
        return int(cursor.fetchone()[0])


def refresh_statistics(table: str) -> None:
    """ANALYZE a table and its partitions after a bulk load: autovacuum never does it for a partitioned parent."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT refresh_statistics(%s::regclass)", [table])
