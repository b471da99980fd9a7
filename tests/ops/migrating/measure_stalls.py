"""How long writers stall while a table in use changes: Django's operations against those of config.database.online.

`python -m tests.ops.migrating.measure_stalls [rows] [seconds of the blocker]`, on a throwaway database of the test
server. Prints a table in Markdown: the longest write and the 99th percentile (milliseconds), and how long after the
blocker's end the change was done (seconds; negative: before).
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")

import django

django.setup()

from django.db import connection, models
from django.db.migrations import AddConstraint, AddIndex, AlterField, Migration, RunSQL
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger, RemoveTrigger

from config.database.owner import connected_as_owner
from tests import databases
from tests.ops.migrating.test_online import CHANGES, backwards, beginning, forwards, key, trigger

#: The same changes by Django's own operations.
NAIVE: dict[str, list[Operation]] = {
    "indexes": [
        AddIndex("item", models.Index(fields=["price"], name="store_item_price_idx")),
        AddIndex("item", models.Index(fields=["owner", "code"], name="store_item_owner_idx")),
    ],
    "unique": [AddConstraint("item", models.UniqueConstraint(fields=["code"], name="store_item_code_uniq"))],
    "unique with a condition": [
        AddConstraint(
            "item",
            models.UniqueConstraint(fields=["code"], condition=models.Q(price__gt=3), name="store_item_dear_uniq"),
        )
    ],
    "check": [
        AddConstraint("item", models.CheckConstraint(condition=models.Q(price__gte=0), name="store_item_price_check"))
    ],
    "foreign key": [AlterField("item", "owner", key(constraint=True))],
    "not null": [AlterField("item", "code", models.BigIntegerField())],
    "backfill": [RunSQL("UPDATE store_item SET price = 7 WHERE price IS NULL", RunSQL.noop)],
    "trigger": [RemoveTrigger("item", "touch"), AddTrigger("item", trigger("UPDATE"))],
    "partition": [
        RunSQL(
            "ALTER TABLE store_log ATTACH PARTITION store_log_second FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
            "ALTER TABLE store_log DETACH PARTITION store_log_second",
        )
    ],
}
#: As many as two clients of a busy desk (each sleeps between its writes): 150 a second.
PAUSE = 2 / 150


@contextmanager
def writers(database: databases.Database, rows: int) -> Iterator[list[float]]:
    """Two clients write until the block ends; how long each write took, in seconds."""
    taken: list[float] = []
    done = threading.Event()

    def write(statement: str, ranges: int) -> None:
        number = 0
        with database.connect(owner=True) as client:
            client.execute("SET lock_timeout = 0")
            while not done.is_set():
                number = number % ranges + 1
                began = time.monotonic()
                client.execute(statement, [number * 7 % ranges + 1] if "%s" in statement else None)
                taken.append(time.monotonic() - began)
                time.sleep(PAUSE)

    threads = [
        threading.Thread(target=write, args=("UPDATE store_item SET price = 5 WHERE id = %s", rows)),
        threading.Thread(target=write, args=("INSERT INTO store_log (at) VALUES ('2023-02-03')", rows)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield taken
    finally:
        done.set()
        for thread in threads:
            thread.join()


def block(database: databases.Database, seconds: float) -> threading.Thread:
    """A transaction that has read all tables, for so long; returns once it has read."""
    ready = threading.Event()

    def read() -> None:
        with database.connect(owner=True, autocommit=False) as session:
            for table in ("store_item", "store_owner", "store_log"):
                session.execute(f"SELECT 1 FROM {table} LIMIT 1")
            ready.set()
            time.sleep(seconds)

    thread = threading.Thread(target=read)
    thread.start()
    ready.wait()
    return thread


def naively(state: ProjectState, operations: list[Operation]) -> None:
    """Django's executor, one transaction, without a time-out."""
    migration = Migration("0002_change", "store")
    migration.operations = operations  # type: ignore[misc]
    connection.connection.execute("SET lock_timeout = 0")
    MigrationExecutor(connection).apply_migration(state.clone(), migration)


def undo(state: ProjectState, name: str) -> None:
    backwards(state, CHANGES[name])
    if name == "backfill":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE store_item SET price = NULL WHERE price = 7")


def measured(database: databases.Database, rows: int, seconds: float, change: Any) -> tuple[float, float, float]:
    """Longest write, 99th percentile (milliseconds), seconds from the blocker's end to the end of the change."""
    with writers(database, rows) as taken:
        time.sleep(0.3)
        blocker = block(database, seconds)
        began = time.monotonic()
        change()
        ended = time.monotonic() - began - seconds
        blocker.join()
    times = [1000 * value for value in taken]
    return max(times), quantiles(times, n=100)[98], ended


def main(rows: int, seconds: float) -> None:
    write = sys.stdout.write
    write(f"{rows:,} rows, a blocker of {seconds:g} s, 150 writes a second\n\n")
    write("| change | Django: longest ms | p99 ms | after s | ours: longest ms | p99 ms | after s |\n")
    write("|---|--:|--:|--:|--:|--:|--:|\n")
    with databases.clone(f"stalls_{os.getpid()}_1") as database:
        connection.close()
        connection.settings_dict["NAME"] = database.name
        with connected_as_owner():
            with connection.schema_editor(atomic=True) as editor:
                first = Migration("0001_beginning", "store")
                first.operations = beginning(rows)  # type: ignore[misc]
                state = first.apply(ProjectState(), editor)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE store_item")
            for name, operation in CHANGES.items():
                results: list[float] = []
                for change in (
                    lambda name=name: naively(state, NAIVE[name]),
                    lambda operation=operation: forwards(state, operation),
                ):
                    results += measured(database, rows, seconds, change)
                    connection.connection.execute("SET lock_timeout = 0")
                    undo(state, name)
                cells = " | ".join(f"{value:.1f}" if n % 3 == 2 else f"{value:.0f}" for n, value in enumerate(results))
                write(f"| {name} | {cells} |\n")
                sys.stdout.flush()
        connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000, float(sys.argv[2]) if len(sys.argv) > 2 else 20)
