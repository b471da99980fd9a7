"""Which partitions there are: the declarations of the apps, and the catalog."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec

from django.db import connection

from config.commands import EnvironmentFailed
from config.database.partitions import Interval, RangePartitioning
from ops.diagram import APPS


@dataclass(frozen=True)
class Partition:
    """A partition; `upper` is None for the catch-all, `leaving` after a DETACH CONCURRENTLY that broke off.

    `has_rows` is known of detached ones only.
    """

    name: str
    lower: datetime
    upper: datetime | None
    leaving: bool = False
    has_rows: bool = False


@dataclass(frozen=True)
class Hold:
    """A legal hold that is not released; `table` is empty where it covers all, `until` None where it has no end."""

    table: str
    since: datetime
    until: datetime | None
    reason: str

    def covers(self, table: str, lower: datetime, upper: datetime) -> bool:
        """Whether it covers any time of the period from `lower` to `upper` of the table."""
        return self.table in ("", table) and self.since < upper and (self.until is None or lower < self.until)


@dataclass(frozen=True)
class TableState:
    """The partitions of one table, in the order of their time, the catch-all last.

    `detached` are tables that were partitions once. `is_staged` and `is_swapped` say that a run was killed before, or
    after, it had put the copies in the place of a catch-all.
    """

    partitioning: RangePartitioning
    partitions: tuple[Partition, ...]
    catch_all_rows: bool = False
    detached: tuple[Partition, ...] = ()
    is_staged: bool = False
    is_swapped: bool = False

    @property
    def table(self) -> str:
        return self.partitioning.table

    @property
    def catch_all(self) -> Partition:
        return self.partitions[-1]


def declared() -> Iterator[RangePartitioning]:
    """What the apps declare in their `partitions.py`."""
    for app in APPS:
        if find_spec(f"{app}.partitions"):
            yield from import_module(f"{app}.partitions").PARTITIONED


def read_state(partitioning: RangePartitioning) -> TableState:
    """What the catalog says about a table; raises `EnvironmentFailed` where it is not cut as declared."""
    table = partitioning.table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT partition_key(to_regclass(%s)), to_regclass(%s) IS NOT NULL, to_regclass(%s) IS NOT NULL",
            [table, f"{table}_split", f"{table}_split_old"],
        )
        key, is_staged, is_swapped = cursor.fetchone()
        cursor.execute(
            "SELECT relname, lower_bound, nullif(upper_bound, 'infinity'), leaving"
            " FROM partitions_of(to_regclass(%s)) p JOIN pg_class ON pg_class.oid = p.leaf ORDER BY lower_bound",
            [table],
        )
        partitions = tuple(Partition(*row) for row in cursor.fetchall())
        if key is None or not partitions or partitions[-1].upper is not None:
            raise EnvironmentFailed(f"{table} is not partitioned with a catch-all at its end: run migrate first.")
        cursor.execute(f'SELECT EXISTS (SELECT FROM {table} WHERE "{key}" >= %s)', [partitions[-1].lower])
        (catch_all_rows,) = cursor.fetchone()
    return TableState(
        partitioning, partitions, bool(catch_all_rows), tuple(_detached(partitioning)), is_staged, is_swapped
    )


def read_holds() -> list[Hold]:
    """The legal holds that are not released."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name, held_from, held_until, reason FROM legal_holds WHERE released_at IS NULL")
        return [Hold(*row) for row in cursor.fetchall()]


def _detached(partitioning: RangePartitioning) -> Iterator[Partition]:
    """Tables that are named as partitions of this one, and are none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_relation_size(pg_class.oid) > 0 FROM pg_class"
            " WHERE relkind = 'r' AND NOT relispartition"
            " AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass(%s)) AND relname ~ %s",
            [partitioning.table, f"^{partitioning.table}_p[0-9]{{4}}(_[0-9]{{2}}){{1,2}}(x[0-9]+)?$"],
        )
        for name, has_rows in cursor.fetchall():
            start = _start(partitioning, name)
            if start is not None:
                yield Partition(name, start, partitioning.interval.shift(start, 1), has_rows=has_rows)


def _start(partitioning: RangePartitioning, name: str) -> datetime | None:
    """The beginning of the period that a partition's name says, or None if it says none of this table's."""
    label = re.sub(r"x\d+$", "", name.removeprefix(f"{partitioning.table}_p"))
    form = "%Y_%m" if partitioning.interval is Interval.MONTH else "%Y_%m_%d"
    try:
        start = datetime.strptime(label, form).replace(tzinfo=UTC)
    except ValueError:
        return None
    return start if start == partitioning.interval.start(start) else None
