"""A catch-all that holds rows is split while others write and read: each row is seen exactly once, at every point."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from audit.partitions import PARTITIONED as AUDIT
from config.commands import Failed, VerificationFailed
from liquidity.partitions import LP_QUOTES
from ops.partitioning.plan import problems
from ops.partitioning.tables import read_state
from tests.databases import Database
from tests.ops.partitioning.conftest import (
    INSERT_QUOTE,
    Run,
    bounds,
    count,
    killed_after,
    open_transaction,
    quote_sources,
    unlike_their_parent,
    when_alone,
    when_missing,
    writing,
)

TICK = timedelta(microseconds=1)


def quotes(database: Database, times: list[datetime]) -> None:
    """Quotes of these times, each provider its own."""
    with database.connect() as application:
        application.cursor().executemany(
            "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask) VALUES (%s, %s, %s, 1.1, 1.10002)",
            [(*quote_sources(), time) for time in times],
        )


def everything(database: Database, table: str = "lp_quotes") -> Any:
    """All that the table says of its rows."""
    return database.rows(f"SELECT count(*), md5(string_agg(r::text, '' ORDER BY id)) FROM {table} r")


def leftovers(database: Database) -> list[dict[str, Any]]:
    """Tables of a split that did not end."""
    return database.rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '^lp_quotes_split'"
        " UNION ALL SELECT tgname FROM pg_trigger WHERE tgname = 'catch_all_mirror'"
    )


def waiting(database: Database) -> int:
    """Rows in the catch-all, without those of days far ahead."""
    lower = bounds(database)[-1][1]
    return count(database, f"lp_quotes_catch_all WHERE quoted_at < '{lower + timedelta(days=30)}'")


def edges(database: Database, periods: int) -> list[datetime]:
    """The first and the last microsecond of the next periods that are not made yet."""
    start = bounds(database)[-1][1]
    days = [start + timedelta(days=number) for number in range(periods)]
    return [moment for day in days for moment in (day, day + timedelta(days=1) - TICK)]


def test_rows_move_to_the_periods_that_they_belong_to(run: Run, database: Database) -> None:
    """More periods than one swap takes; and one row, of a day far ahead, stays where it is."""
    far = bounds(database)[-1][1] + timedelta(days=1000)
    quotes(database, [*edges(database, 14), far])
    assert [problem.split(":")[0] for problem in problems(read_state(LP_QUOTES), now=datetime.now(UTC))] == [
        "lp_quotes"
    ]
    before = everything(database)
    steps = run(now=when_missing(database, 14))
    assert [(step["step"], step["moves_rows"]) for step in steps] == [("add", True)]
    assert everything(database) == before
    for name, start, end in bounds(database)[:-1]:
        assert database.rows(f"SELECT count(*) AS n FROM {name} WHERE quoted_at < %s OR quoted_at >= %s", [start, end])[
            0
        ] == {"n": 0}
    assert [count(database, name) for name, _, _ in bounds(database)[-15:-1]] == [2] * 14
    assert database.rows("SELECT quoted_at FROM lp_quotes_catch_all") == [{"quoted_at": far}]
    assert unlike_their_parent(database, "lp_quotes") == []
    assert leftovers(database) == []


def test_months_move_over_the_year_and_the_leap_day(run: Run, database: Database) -> None:
    (events,) = (item for item in AUDIT if item.table == "system_events")
    start = bounds(database, "system_events")[-1][1]
    leap_years = [year for year in range(start.year, start.year + 9) if year % 4 == 0]
    leap = next(year for year in leap_years if datetime(year, 2, 29, tzinfo=UTC) > start)
    months = (leap - start.year) * 12 + 4
    moments = [datetime(leap, 2, 29, tzinfo=UTC), datetime(leap, 3, 1, tzinfo=UTC) - TICK]
    for year in range(start.year + 1, leap + 1):
        moments += [datetime(year, 1, 1, tzinfo=UTC) - TICK, datetime(year, 1, 1, tzinfo=UTC)]
    with database.connect() as application:
        application.cursor().executemany(
            "INSERT INTO system_events (created_at, event_type, message) VALUES (%s, 'error', 'then')",
            [(moment,) for moment in moments],
        )
    before = everything(database, "system_events")
    run(now=when_missing(database, months, events), tables=(events,))
    assert everything(database, "system_events") == before
    assert count(database, "system_events_catch_all") == 0
    assert count(database, f"system_events_p{leap}_02") == 2
    assert count(database, f"system_events_p{leap}_01") == 1


def test_nobody_waits_and_no_row_is_missed_or_seen_twice_meanwhile(run: Run, database: Database) -> None:
    """Writers into the catch-all, into other periods and far ahead, and readers who count what does not change."""
    ahead = (bounds(database)[-1][1] - datetime.now(UTC)).days
    database.rows(
        "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask)"
        " SELECT %s, %s, now() + %s * interval '1 day' + n * interval '40 seconds', 7, 7"
        " FROM generate_series(1, 20000) n",
        [*quote_sources(), ahead + 2],
    )
    rows = count(database)
    with (
        counting(database, "SELECT count(*) FROM lp_quotes WHERE bid = 7") as counts,
        writing(database, days=(0, ahead + 2, ahead + 5, ahead + 200)) as writers,
    ):
        run(now=when_missing(database, 13))
    assert writers.refused == []
    assert writers.written > 0
    assert counts[0] == 20000
    assert set(counts) == {20000}
    assert count(database) == rows + writers.written


@contextmanager
def counting(database: Database, query: str) -> Iterator[list[int]]:
    """Within the block another session counts again and again; the list is what it has seen."""
    counts: list[int] = []
    stop = threading.Event()

    def count_on() -> None:
        with database.connect() as connection:
            while not stop.is_set():
                row = connection.execute(query).fetchone()
                counts.append(row["count"] if row else -1)

    reader = threading.Thread(target=count_on)
    reader.start()
    try:
        yield counts
    finally:
        stop.set()
        reader.join()


@pytest.mark.parametrize("part", ["staged", "mirrored", "copied", "checked", "swapped"])
def test_a_run_that_is_killed_loses_nothing_and_the_next_one_ends_it(part: str, run: Run, database: Database) -> None:
    quotes(database, edges(database, 2))
    now = when_missing(database, 2)
    before = everything(database)
    killed_after(run, now, "add", part)
    assert everything(database) == before
    # Whoever writes now, and to where, is not in the way either.
    quotes(database, [bounds(database)[-1][1] + timedelta(hours=1), now])
    before = everything(database)
    when_alone(lambda: run(now=now))
    assert everything(database) == before
    assert waiting(database) <= 1, "only what was written behind the new periods"
    assert leftovers(database) == []
    assert unlike_their_parent(database, "lp_quotes") == []


@pytest.mark.parametrize("part", ["built", "attached"])
def test_a_run_that_is_killed_beside_an_empty_catch_all(part: str, run: Run, database: Database) -> None:
    (marks,) = (item for item in AUDIT if item.table == "api_access_log")
    now = when_missing(database, 2, marks)
    killed_after(run, now, "add", part, tables=(marks,))
    when_alone(lambda: run(now=now, tables=(marks,)))
    assert bounds(database, "api_access_log")[-1][1] == marks.premade_until(now)
    assert unlike_their_parent(database, "api_access_log") == []


def test_a_long_reader_postpones_the_split(run: Run, database: Database) -> None:
    """Its lock is in the way of the swap only; until the next run, rows stay in the catch-all."""
    quotes(database, edges(database, 1))
    now = when_missing(database, 1)
    with (
        open_transaction(database, "SELECT count(*) FROM lp_quotes"),
        writing(database) as writers,
        pytest.raises(Failed, match=r"^lp_quotes was in use for 1 s"),
    ):
        run(now=now, lock_wait=1)
    assert writers.refused == []
    quotes(database, [bounds(database)[-1][1] + TICK])
    before = everything(database)
    assert [step["step"] for step in run(now=now)] == ["abandon_split", "add"]
    assert everything(database) == before
    assert waiting(database) == 0


def test_copies_that_are_not_what_they_were_copied_from_are_not_swapped_in(run: Run, database: Database) -> None:
    """As after a superuser has changed a copied row: nothing is dropped, and the next run begins anew."""
    quotes(database, edges(database, 1))
    now = when_missing(database, 1)
    before = everything(database)

    def spoil(step: str, part: str) -> None:
        if part == "copied":
            database.rows("UPDATE lp_quotes_split SET bid = bid - 1")

    with pytest.raises(VerificationFailed, match=r"rows of lp_quotes_catch_all are not in the copies"):
        run(now=now, report=spoil)
    assert everything(database) == before
    assert [step["step"] for step in run(now=now)] == ["abandon_split", "add"]
    assert everything(database) == before


def test_a_row_that_is_written_while_rows_are_copied_is_copied_too(run: Run, database: Database) -> None:
    """And one that is rolled back is not."""
    sources = quote_sources()
    quotes(database, edges(database, 1))
    late = bounds(database)[-1][1] + timedelta(hours=2)
    before, now = count(database), when_missing(database, 1)
    with database.connect() as writer, database.connect(autocommit=False) as undecided:

        def write(step: str, part: str) -> None:
            if part == "copied":
                writer.execute(INSERT_QUOTE, [*sources, late])
                undecided.execute(INSERT_QUOTE, [*sources, late + TICK])
                undecided.rollback()

        run(now=now, report=write)
    assert count(database) == before + 1
    assert count(database, LP_QUOTES.partition_name(LP_QUOTES.interval.start(late))) == 3


def test_the_application_cannot_use_what_copies_rows(database: Database) -> None:
    """On a table of its own that trigger would let it write anywhere."""
    with database.connect() as application:
        application.execute("CREATE TEMP TABLE mine (n integer)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for function mirror_row"):
            application.execute(
                "CREATE TRIGGER mine AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION"
                " mirror_row('users', 'username', '($1).n')"
            )
