"""A database for each file of tests: what is tried commits, races and is killed.

Its tests follow each other on it, as runs of the command do; each makes what it asserts something about.
"""

import itertools
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connections

from config.commands import Locked
from config.database.partitions import RangePartitioning
from liquidity.partitions import LP_QUOTES
from ops.partitioning.run import apply, only_run, plan_all
from tests import databases
from tests.databases import Database
from tests.rows import liquidity, trading

Run = Callable[..., list[dict[str, object]]]

#: What no writer may wait for longer than, in milliseconds.
STALL_MS = 250


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: Any, worker_id: str) -> Iterator[Database]:
    """A migrated database, which Django's own connection is on."""
    default = connections["default"]
    with django_db_blocker.unblock(), databases.clone(f"partitions_{worker_id}_{os.getpid()}_0") as clone:
        default.close()
        before = default.settings_dict["NAME"]
        default.settings_dict["NAME"] = clone.name
        yield clone
        default.close()
        default.settings_dict["NAME"] = before


@pytest.fixture
def run(database: Database) -> Run:
    """Plan and apply as the command does, at a given time; `report` is told `(step, part)`.

    Unless `retention` is asked for, all periods are kept: the given time is often far ahead.
    """

    def call(
        *,
        now: datetime,
        tables: tuple[RangePartitioning, ...] = (LP_QUOTES,),
        retention: bool = False,
        lock_wait: float = 20,
        folder: Path | None = None,
        report: Callable[[str, str], None] = lambda step, part: None,
    ) -> list[dict[str, object]]:
        if not retention:
            tables = tuple(replace(table, retention=None) for table in tables)
        with only_run():
            return [
                apply(step, lock_wait=lock_wait, folder=folder, report=lambda part, name=step.name: report(name, part))  # type: ignore[misc]
                for step in plan_all(tables, now=now)
            ]

    return call


@contextmanager
def open_transaction(database: Database, statement: str) -> Iterator[Any]:
    """Another session that has run the statement in a transaction that stays open."""
    with database.connect(autocommit=False) as connection:
        connection.execute(statement)
        yield connection


def bounds(database: Database, table: str = "lp_quotes") -> list[tuple[str, datetime, datetime | None]]:
    """(name, beginning, end) of every partition, in the order of time."""
    rows = database.rows(
        f"SELECT leaf::text AS name, lower_bound, nullif(upper_bound, 'infinity') AS upper_bound"
        f" FROM partitions_of('{table}') ORDER BY lower_bound"
    )
    return [(row["name"], row["lower_bound"], row["upper_bound"]) for row in rows]


def when_missing(database: Database, periods: int, partitioning: RangePartitioning = LP_QUOTES) -> datetime:
    """The time at which that many periods will be missing if nobody runs the command until then."""
    premade_until = bounds(database, partitioning.table)[-1][1]
    return partitioning.interval.shift(premade_until, periods - partitioning.premake - 1)


def count(database: Database, table: str = "lp_quotes") -> int:
    """The rows that can be read through the table itself."""
    return int(database.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])


#: Of one table: columns, constraints, indexes and the triggers that a partition must have, one line each.
LIKENESS = """
    SELECT format('column %%s %%s %%s %%s %%s %%s %%s %%s', attname, format_type(atttypid, atttypmod), attnotnull,
                  pg_get_expr(adbin, adrelid), attgenerated, attstorage, attcompression, nullif(attstattarget, -1))
      FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = %(table)s AND attnum > 0 AND NOT attisdropped
     UNION ALL
    SELECT format('constraint %%s %%s', contype, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE conrelid = %(table)s AND contype <> 'n'
     UNION ALL
    SELECT 'index ' || regexp_replace(pg_get_indexdef(indexrelid), 'INDEX .* USING', 'USING')
      FROM pg_index WHERE indrelid = %(table)s AND indisvalid
     UNION ALL
    SELECT format('trigger %%s %%s %%s', tgfoid::regproc, tgtype, tgenabled)
      FROM pg_trigger WHERE tgrelid = %(table)s AND NOT tgisinternal AND (tgtype & 1 > 0 OR tgtype & 32 > 0)
"""


def unlike_their_parent(database: Database, table: str) -> list[str]:
    """The partitions that differ from their table, each with what is there of the one and not of the other.

    An index that is not part of the parent's does not count: the next migration would not see it.
    """
    with database.connect(owner=True) as owner:

        def lines(oid: int) -> set[str]:
            return {next(iter(row.values())) for row in owner.execute(LIKENESS, {"table": oid}).fetchall()}

        leaves = owner.execute(
            "SELECT leaf::oid AS oid, leaf::text AS name, (SELECT count(*) FROM pg_index WHERE indrelid = leaf AND"
            " NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = indexrelid)) AS alone"
            " FROM partitions_of(%s::regclass)",
            [table],
        ).fetchall()
        parent = owner.execute("SELECT %s::regclass::oid AS oid", [table]).fetchone()
        assert parent is not None
        wanted = lines(parent["oid"])
        assert any(line.startswith("index") for line in wanted)
        return [
            f"{leaf['name']}: {sorted(lines(leaf['oid']) ^ wanted)}"
            for leaf in leaves
            if leaf["alone"] or lines(leaf["oid"]) != wanted
        ]


class writing:
    """Within the block, sessions insert quotes without pause, each into the periods `days` ahead in turn.

    A write that waits for a lock longer than STALL_MS is given up by the server, as the session's lock_timeout says,
    and is in `refused` with whatever else went wrong; `written` is how many were acknowledged.
    """

    def __init__(self, database: Database, days: Sequence[int] = (0,), clients: int = 2) -> None:
        self.written = 0
        self.refused: list[str] = []
        self._database, self._days = database, days
        self._sources = quote_sources()
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._write) for _ in range(clients)]

    def _write(self) -> None:
        with self._database.connect() as connection:
            connection.execute(f"SET lock_timeout = {STALL_MS}")
            for days in itertools.cycle(self._days):
                if self._stop.is_set():
                    return
                try:
                    connection.execute(INSERT_QUOTE, [*self._sources, datetime.now(UTC) + timedelta(days=days)])
                except psycopg.Error as error:
                    self.refused.append(str(error))
                else:
                    with self._lock:
                        self.written += 1

    def __enter__(self) -> "writing":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


INSERT_QUOTE = (
    "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask) VALUES (%s, %s, %s, 1.1, 1.10002)"
)


def quote_sources() -> tuple[UUID, UUID]:
    """A provider and an instrument for quotes."""
    return liquidity.liquidity_provider().pk, trading.instrument().pk


def killed_after(run: Run, now: datetime, step: str, part: str, **options: Any) -> None:
    """Run in a process of its own, which kills itself with SIGKILL as soon as it has done a part of a step."""
    child = os.fork()
    if child == 0:
        inherited = connections["default"].connection
        connections["default"].connection = None

        def report(name: str, done: str) -> None:
            if (name, done) == (step, part):
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            run(now=now, report=report, **options)
        except BaseException:
            traceback.print_exc()
        finally:
            # Without the clean-up of this process, whose connections are the parent's.
            os._exit(1 if inherited else 2)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"{step} has no part {part}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def when_alone(call: Callable[[], Any]) -> Any:
    """What `call` returns once the server has noticed that a process was killed that held the lock."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return call()
        except Locked:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
