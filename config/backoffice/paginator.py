"""Pages of a large table without counting its rows."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet


class EstimatePaginator(Paginator):
    """Takes the number of rows from the planner's statistics while the list is unfiltered.

    `count(*)` reads the whole table, and 100 million rows are minutes. A filtered list is counted exactly; its
    filters are served by indexes. The estimate of a partitioned table is the sum over its partitions.
    """

    @cached_property
    def count(self) -> int:
        queryset: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        if queryset.query.where:
            return int(queryset.count())
        with connections[queryset.db].cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class"
                " WHERE oid IN (SELECT to_regclass(%(table)s)"
                " UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(%(table)s))",
                {"table": queryset.model._meta.db_table},
            )
            estimate = int(cursor.fetchone()[0])
        # A small table is counted: its estimate may be missing or far off.
        return estimate if estimate > 100_000 else int(queryset.count())
