"""Every migration of the project, up and down, on tables that others use: nothing long under a lock that stops them."""

from collections import defaultdict
from typing import Any

import pytest
from django.db import connection

from config.database.owner import connected_as_owner
from ops.migrating.source import PROJECT_APPS
from ops.rehearsal.trace import Trace
from tests.databases import Database
from tests.migrations.test_round_trip import BackAndForth

#: Tables of at most some hundred rows, which migrations write.
SMALL = {"order_status_transitions"}


def test_no_rows_are_read_or_rewritten_under_a_lock_that_stops_writers(live_database: Database) -> None:
    with connected_as_owner():
        trace = Trace(connection)

        def report(action: str, migration: Any = None, fake: bool = False) -> None:
            trace.migration = f"{migration} {action.split('_')[0]}" if action.endswith("_start") else ""

        executor = BackAndForth(connection, report)
        with connection.execute_wrapper(trace):
            executor.migrate([(app, None) for app in sorted(PROJECT_APPS)])
    long: dict[str, set[str]] = defaultdict(set)
    for statement in trace.finish():
        for lock in statement.blocking:
            if lock.table in {*statement.scans, *statement.rewrites} - SMALL:
                long[statement.migration].add(f"{lock.table}: {statement.sql[:150]}")
    assert long == {}
