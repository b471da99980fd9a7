"""What the audit log costs: a table with the triggers of `orders` against the same one without, and against usual ways.

The table has none of the other triggers of `orders`, beside which the audit would look cheap.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, transaction

from audit.context import acting
from ops.bench import audit
from ops.bench.cluster import Cluster
from ops.bench.measure import Benchmark

#: Ways to keep a history, the first of which is none.
OTHERS = {
    "": "the same table without an audit",
    "jsonb": "a row trigger that writes jsonb under a GIN index",
    "events": "a row trigger that copies the row into an event table",
}
COLUMNS = "account_id, user_id, client_order_id, instrument_id, order_type, side, quantity, price, status"
#: Six columns, as a fill changes an order.
FILL = (
    "UPDATE bench_orders SET status = 'partially_filled', filled_quantity = 0.5, filled_notional = price / 2,"
    " commission = commission + 0.1, commission_currency = 'USD', submitted_at = received_at"
)
USER = "00000000-0000-0000-0000-000000000ada"

Work = Callable[[], object]
Prepare = Callable[[Cluster, str, int], Work]


def table_with(cluster: Cluster, database: str, way: str) -> psycopg.Connection:
    """Make the table with one way to keep a history; give the application's connection to it."""
    folder = Path(audit.__file__).parent
    with cluster.connect(database) as owner:
        for name in ("table", way):
            if name:
                owner.execute((folder / f"{name}.sql").read_text(encoding="utf-8"))
    application = cluster.connect(database, user="trading_backend")
    application.execute("SELECT set_config('audit.context', %s, false)", [f'{{"user":"{USER}"}}'])
    return application


def table_with_rows(cluster: Cluster, database: str, way: str, rows: int) -> psycopg.Connection:
    """The same with rows in it."""
    application = table_with(cluster, database, way)
    application.execute(f"INSERT INTO bench_orders ({COLUMNS}) SELECT {COLUMNS} FROM bench_rows LIMIT {rows}")
    return application


def change_one_by_one(way: str, statement: str, values: Iterable[Any]) -> None:
    """Django's transactions of one statement with one value each; whoever keeps a history is told the user."""
    with acting(user=USER) if way else nullcontext():
        for value in values:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [value])


def _insert(way: str, cluster: Cluster, database: str, units: int) -> Work:
    application = table_with(cluster, database, way)
    statement = f"INSERT INTO bench_orders ({COLUMNS}) SELECT {COLUMNS} FROM bench_rows LIMIT {units}"
    return lambda: application.execute(statement)


def _copy(way: str, cluster: Cluster, database: str, units: int) -> Work:
    application = table_with(cluster, database, way)
    with application.cursor().copy(f"COPY (SELECT {COLUMNS} FROM bench_rows LIMIT {units}) TO STDOUT") as copy:
        lines = b"".join(bytes(line) for line in copy)

    def work() -> None:
        with application.cursor().copy(f"COPY bench_orders ({COLUMNS}) FROM STDIN") as copy:
            copy.write(lines)

    return work


def _executemany(way: str, cluster: Cluster, database: str, units: int) -> Work:
    application = table_with(cluster, database, way)
    rows = application.execute(f"SELECT {COLUMNS} FROM bench_rows LIMIT {units}").fetchall()
    statement = f"INSERT INTO bench_orders ({COLUMNS}) VALUES ({', '.join(['%s'] * 9)})"

    def work() -> None:
        with application.transaction(), application.cursor() as cursor:
            cursor.executemany(statement, rows)

    return work


def _update(way: str, cluster: Cluster, database: str, units: int) -> Work:
    application = table_with_rows(cluster, database, way, units)
    return lambda: application.execute(FILL)


def _transactions(way: str, cluster: Cluster, database: str, units: int) -> Work:
    application = table_with_rows(cluster, database, way, units)
    keys = [key for (key,) in application.execute("SELECT id FROM bench_orders").fetchall()]
    connection.ensure_connection()
    return partial(change_one_by_one, way, f"{FILL} WHERE id = %s", keys)


#: By name: what is done, to how many rows.
WORKS: dict[str, tuple[str, int, Callable[[str, Cluster, str, int], Work]]] = {
    "insert": ("one INSERT of 10,000 rows", 10_000, _insert),
    "copy": ("COPY of 10,000 rows", 10_000, _copy),
    "executemany": ("executemany of 10,000 rows", 10_000, _executemany),
    "update": ("one UPDATE of six columns of 10,000 rows", 10_000, _update),
    "transactions": ("transactions of one UPDATE with a user", 2_000, _transactions),
}


def audits(clients: Sequence[int], quick: bool) -> list[list[Benchmark]]:
    """A group for each kind of work: 1 / share is how much more CPU the audited table takes than the other one."""

    def benchmark(name: str, other: str) -> Benchmark:
        sentence, units, work = WORKS[name]
        return Benchmark(
            name=f"audit_{name}" + (f"_{other}" if other else ""),
            sentence=f"{sentence}, audited, against {OTHERS[other]}",
            unit="rows",
            units=lambda quick: units,
            subject=partial(work, "audited"),
            baseline=partial(work, other),
            floor=0 if other else 0.25,
        )

    return [[benchmark(name, other) for other in OTHERS] for name in WORKS]
