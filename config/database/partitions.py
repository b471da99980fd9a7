"""Range partitions by time: which table is cut how, and the SQL that makes the pieces.

There is no DEFAULT partition (it forbids DETACH CONCURRENTLY). One catch-all reaches from the last premade bound to
MAXVALUE, so that a forgotten timer never stops a write; `partitions` splits it when it holds rows. All bounds are
midnights in UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection


class Interval(StrEnum):
    """The length of one partition; a week begins on Monday. All begin at midnight in UTC, whose days have 24 hours."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def start(self, moment: datetime) -> datetime:
        """The beginning of the period that `moment` (with any time zone) lies in."""
        midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self is Interval.MONTH:
            return midnight.replace(day=1)
        return midnight - timedelta(days=midnight.weekday()) if self is Interval.WEEK else midnight

    def shift(self, start: datetime, periods: int) -> datetime:
        """The beginning of the period that lies `periods` after (negative: before) the one that begins at `start`."""
        if self is Interval.MONTH:
            years, month = divmod(start.year * 12 + start.month - 1 + periods, 12)
            return start.replace(year=years, month=month + 1)
        return start + periods * timedelta(days=7 if self is Interval.WEEK else 1)

    def label(self, start: datetime) -> str:
        """How a partition's name says its period: 2026_11 or 2026_11_30."""
        return f"{start:%Y_%m}" if self is Interval.MONTH else f"{start:%Y_%m_%d}"


@dataclass(frozen=True)
class RangePartitioning:
    """How one table is cut: `premake` periods are made ahead of the current one, `retention` are kept behind it.

    A period that leaves is exported first, unless its rows can be calculated anew (`export=False`). Without a
    retention it stays for ever.
    """

    table: str
    interval: Interval
    premake: int
    retention: int | None = None
    export: bool = True

    def periods(self, first: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The periods (beginning, end) from the one that begins at `first` to the one that ends at `end` or later."""
        found = []
        while first < end:
            found.append((first, self.interval.shift(first, 1)))
            first = found[-1][1]
        return found

    def premade_until(self, now: datetime) -> datetime:
        """Where the catch-all should begin."""
        return self.interval.shift(self.interval.start(now), self.premake + 1)

    def kept_from(self, now: datetime) -> datetime | None:
        """The beginning of the oldest period that stays; None where all do."""
        if self.retention is None:
            return None
        return self.interval.shift(self.interval.start(now), -self.retention)

    def partition_name(self, start: datetime) -> str:
        """The name of the partition whose period begins at `start`."""
        return f"{self.table}_p{self.interval.label(start)}"


@dataclass(frozen=True)
class DepartingPartition:
    """A detached partition in the transaction that drops it; `content_hash` covers all of its rows, in any order."""

    table: str
    name: str
    lower: datetime
    upper: datetime
    rows: int
    content_hash: bytes


#: Called in the transaction that drops a partition, as the owner, while its table is still there and locked. Whoever
#: raises keeps it there.
BEFORE_DROP: list[Callable[[DepartingPartition, Any], None]] = []


def before_drop(
    certify: Callable[[DepartingPartition, Any], None],
) -> Callable[[DepartingPartition, Any], None]:
    """Register what must be written about a partition before it is dropped: `certify(partition, connection)`."""
    BEFORE_DROP.append(certify)
    return certify


def initial_partitions_sql(table: str, interval: Interval, premake: int) -> str:
    """SQL that gives a partitioned table its current and next periods, and the catch-all behind them.

    A table that has a catch-all keeps it: a migration that is reversed leaves the partitions to the table.
    """
    return (
        f"SELECT ensure_partitions('{table}', '{interval}', now(), now() + interval '{premake} {interval}');"
        f" SELECT add_catch_all_partition('{table}') WHERE to_regclass('{table}_catch_all') IS NULL"
    )


def ensure_partitions(partitioning: RangePartitioning, first: datetime, last: datetime) -> int:
    """Make the partitions that rows from `first` to `last` need and that are missing; return how many were made.

    Periods that the catch-all covers are left to it. Runs in the caller's transaction, under a lock that only another
    call for the same table waits for.

    Dates before 1970 or more than ten years ahead cannot be meant (`django.db.DataError`), nor can more than 1000
    partitions at once (`django.db.OperationalError`).
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
