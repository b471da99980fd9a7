"""How long writers stall while a table in use changes: Django's operations against those of config.database.online.

`python -m tests.ops.migrating.measure_stalls ROWS SECONDS [CHANGE …]`, on a throwaway database of the test server:
SECONDS are those of a transaction that stands in the way. Prints a table in Markdown: the longest write and the 99th
percentile (milliseconds), and how long after the blocker's end the change was done (seconds; negative: before).
"""

import itertools
import os
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
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
from tests.ops.migrating.traffic import Report, clients, worst

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
TABLES = ("store_item", "store_owner", "store_log")


def updates(rows: int, session: Any) -> Iterator[str]:
    """Changes one item after the other."""
    for number in itertools.count(1):
        yield f"UPDATE store_item SET price = 5 WHERE id = {number * 7 % rows + 1}"


def inserts(session: Any) -> Iterator[str]:
    """Writes one line of the log after the other."""
    return itertools.repeat("INSERT INTO store_log (at) VALUES ('2023-02-03')")


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
    """Longest write, 99th percentile (milliseconds), seconds from the report's end to the end of the change."""
    with clients(database, [partial(updates, rows), inserts]) as writes:
        time.sleep(0.3)
        report = Report(database, TABLES, seconds)
        change()
        ended = time.monotonic()
        report.stop()
    return *worst(writes), ended - report.due


def main(rows: int, seconds: float, names: Sequence[str]) -> None:
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
            longest, p99, _ = measured(database, rows, 5, lambda: time.sleep(5))
            write(f"| none | {longest:.0f} | {p99:.0f} | | | | |\n")
            for name in names or CHANGES:
                results: list[float] = []
                for change in (partial(naively, state, NAIVE[name]), partial(forwards, state, CHANGES[name])):
                    results += measured(database, rows, seconds, change)
                    connection.connection.execute("SET lock_timeout = 0")
                    undo(state, name)
                cells = " | ".join(f"{value:.1f}" if n % 3 == 2 else f"{value:.0f}" for n, value in enumerate(results))
                write(f"| {name} | {cells} |\n")
                sys.stdout.flush()
        connection.close()


if __name__ == "__main__":
    _, *arguments = sys.argv
    main(int(arguments[0]), float(arguments[1]), arguments[2:])
