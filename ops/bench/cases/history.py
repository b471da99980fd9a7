"""How fast the history of one row is read from a large log, against reading the row itself."""

import random
import time
from collections.abc import Callable
from uuid import UUID

from django.db import connection

from audit.history import history
from ops.bench.cluster import Cluster
from ops.bench.measure import Benchmark

ROWS = 1_000_000
#: Each has been changed twenty times, over three months.
RECORDS = 50_000
READS = 1_000
STATEMENTS = f"""
    CREATE FUNCTION bench_time(n bigint) RETURNS timestamptz LANGUAGE sql
        RETURN now() + n * interval '90 days' / {ROWS};
    INSERT INTO audit_contexts (txid, created_at, number, service, db_user)
    SELECT n, bench_time(n * {ROWS // RECORDS}), 1, 'bench', 'bench' FROM generate_series(1, {RECORDS}) AS n;
    INSERT INTO audit_log (created_at, txid, record_id, table_name, action, changes)
    SELECT bench_time(n), 1 + n / {ROWS // RECORDS}, md5((n % {RECORDS})::text)::uuid, 'orders', 'UPDATE',
           '{{"status":["new","filled"],"filled_quantity":[0.00000000,1.00000000]}}'
      FROM generate_series(0, {ROWS - 1}) AS n;
    VACUUM ANALYZE audit_log;
    VACUUM ANALYZE audit_contexts
"""


def _keys(cluster: Cluster, database: str, units: int) -> list[UUID]:
    with cluster.connect(database) as owner:
        owner.execute("SET synchronous_commit = off")
        for statement in STATEMENTS.split(";"):
            owner.execute(statement)
        numbers = [random.Random(1).randrange(RECORDS) for _ in range(units)]  # noqa: S311 - the same in each run
        found = owner.execute("SELECT md5(n::text)::uuid FROM unnest(%s::int[]) AS n", [numbers]).fetchall()
    return [key for (key,) in found]


def _timed(read: Callable[[UUID], object], keys: list[UUID]) -> Callable[[], list[float]]:
    connection.ensure_connection()

    def work() -> list[float]:
        seconds = []
        for key in keys:
            start = time.perf_counter()
            read(key)
            seconds.append(time.perf_counter() - start)
        return seconds

    return work


def _history(cluster: Cluster, database: str, units: int) -> Callable[[], list[float]]:
    return _timed(lambda key: history("orders", key), _keys(cluster, database, units))


def _row(cluster: Cluster, database: str, units: int) -> Callable[[], list[float]]:
    def read(key: UUID) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM orders WHERE id = %s", [key])
            cursor.fetchall()

    return _timed(read, _keys(cluster, database, units))


AUDIT_HISTORY = Benchmark(
    name="audit_history",
    sentence="the history of one row (20 of a million changes, in four partitions) against reading a row by its key",
    unit="reads",
    units=lambda quick: READS,
    subject=_history,
    baseline=_row,
    floor=0.02,
)
