"""New periods before an empty catch-all, while others write and read."""

from datetime import UTC, datetime
from itertools import pairwise

import psycopg
import pytest

from audit.partitions import PARTITIONED as AUDIT
from config.commands import Failed
from config.database.partitions import ensure_partitions
from liquidity.partitions import LP_QUOTES
from ops.partitioning.locking import HOLD_MS, LOCK_MS, STATEMENT_MS
from ops.partitioning.tables import declared
from tests.databases import Database
from tests.ops.partitioning.conftest import (
    STALL_MS,
    Run,
    bounds,
    count,
    open_transaction,
    unlike_their_parent,
    when_missing,
    writing,
)


def test_missing_periods_are_put_before_the_catch_all(run: Run, database: Database) -> None:
    before = bounds(database)
    now = when_missing(database, 40)
    run(now=now)
    after = bounds(database)
    assert after[: len(before) - 1] == before[:-1]
    assert len(after) == len(before) + 40
    assert all(end == start for (_, _, end), (_, start, _) in pairwise(after))
    assert after[-1] == ("lp_quotes_catch_all", LP_QUOTES.premade_until(now), None)
    assert run(now=now) == []


def test_every_declared_table_gets_leaves_like_itself(run: Run, database: Database) -> None:
    """Columns, defaults, constraints, indexes, triggers, statistics targets: the same as what a migration makes."""
    for partitioning in declared():
        run(now=when_missing(database, 1, partitioning), tables=(partitioning,))
        assert unlike_their_parent(database, partitioning.table) == []


def test_a_row_finds_its_partition_at_each_end_of_a_period(run: Run, database: Database) -> None:
    """The last microsecond of a month and of a year lies in it, the next one does not."""
    (events,) = (item for item in AUDIT if item.table == "system_events")
    run(now=when_missing(database, 12, events), tables=(events,))
    inside = [item for item in bounds(database, "system_events") if item[2]]
    assert {start.month for _, start, _ in inside} == set(range(1, 13))
    with database.connect() as application:
        for name, start, end in inside:
            rows = application.execute(
                "INSERT INTO system_events (created_at, event_type, message) VALUES"
                " (%s, 'error', 'first'), (%s::timestamptz - interval '1 microsecond', 'error', 'last')"
                " RETURNING tableoid::regclass::text AS leaf",
                [start, end],
            ).fetchall()
            assert [row["leaf"] for row in rows] == [name, name]


def test_name_of_a_partition_that_has_left_is_not_taken_for_one(database: Database) -> None:
    day = datetime(2012, 2, 1, tzinfo=UTC)
    assert ensure_partitions(LP_QUOTES, day, day) == 1
    database.rows("ALTER TABLE lp_quotes DETACH PARTITION lp_quotes_p2012_02_01")
    assert ensure_partitions(LP_QUOTES, day, day) == 1
    assert bounds(database)[0][:2] == ("lp_quotes_p2012_02_01x2", day)


def test_periods_of_another_length_are_not_made_between(database: Database) -> None:
    """The application may call the function: a month of it would stand in the way of its days for ever."""
    day = datetime(2013, 5, 1, tzinfo=UTC)
    for every in ("week", "month"):
        with database.connect() as application, pytest.raises(psycopg.errors.InvalidParameterValue, match="is cut by"):
            application.execute("SELECT ensure_partitions('lp_quotes', %s, %s, %s)", [every, day, day])
    assert ensure_partitions(LP_QUOTES, day, day) == 1


def test_what_a_killed_run_has_built_is_built_anew(run: Run, database: Database) -> None:
    start = bounds(database)[-1][1]
    name = LP_QUOTES.partition_name(start)
    database.rows(f"CREATE TABLE {name} (half boolean)")
    run(now=when_missing(database, 3))
    assert name in {leaf for leaf, _, _ in bounds(database)}


def test_a_strange_table_with_rows_is_not_touched(run: Run, database: Database) -> None:
    name = LP_QUOTES.partition_name(bounds(database)[-1][1])
    database.rows(f"CREATE TABLE {name} AS SELECT 1 AS n")
    with pytest.raises(Failed, match=f"A table {name} is in the way"):
        run(now=when_missing(database, 3))
    assert database.rows(f"SELECT n FROM {name}") == [{"n": 1}]
    database.rows(f"DROP TABLE {name}")


def test_a_long_reader_keeps_the_run_waiting_and_no_writer(run: Run, database: Database) -> None:
    """The reader's lock is what the run needs: it gives up in time, says who reads, and the next run succeeds."""
    before, rows = bounds(database), count(database)
    with open_transaction(database, "SELECT count(*) FROM lp_quotes") as reader:
        with writing(database) as writers, pytest.raises(Failed, match=r"was in use for 1 s \(.*process \d+ of"):
            run(now=when_missing(database, 3), lock_wait=1)
        assert bounds(database) == before
        assert reader.execute("SELECT count(*) AS n FROM lp_quotes").fetchone() is not None
    assert writers.refused == []
    run(now=when_missing(database, 3))
    assert count(database) == rows + writers.written


def test_writers_go_on_while_periods_are_added(run: Run, database: Database) -> None:
    rows = count(database)
    with writing(database) as writers:
        for periods in (1, 2, 30):
            run(now=when_missing(database, periods))
    assert writers.refused == []
    assert writers.written > 0
    assert count(database) == rows + writers.written


def test_the_server_itself_ends_a_lock_before_a_writer_has_waited_too_long() -> None:
    assert LOCK_MS + HOLD_MS < STATEMENT_MS < STALL_MS
