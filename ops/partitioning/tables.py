"""Which partitions there are: the declarations of the apps, and the catalog."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec

from django.db import connection

from config.commands import EnvironmentFailed
from config.database.partitions import RangePartitioning
from ops.diagram import APPS


@dataclass(frozen=True)
class Partition:
    """A partition; `upper` is None for the catch-all, `leaving` after a DETACH CONCURRENTLY that broke off."""

    name: str
    lower: datetime
    upper: datetime | None
    leaving: bool = False


@dataclass(frozen=True)
class TableState:
    """The partitions of one table, in the order of their time, the catch-all last.

    `is_staged` and `is_swapped` say that a run was killed before, or after, it had put the copies in the place of a
    catch-all.
    """

    partitioning: RangePartitioning
    partitions: tuple[Partition, ...]
    catch_all_rows: bool = False
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
    return TableState(partitioning, partitions, bool(catch_all_rows), is_staged, is_swapped)
