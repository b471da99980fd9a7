"""Partitions by time: made on demand, never a DEFAULT one, and a catch-all that never refuses."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error as DatabaseError
from django.db import connection, transaction

from config.database.partitions import Interval, RangePartitioning, ensure_partitions, refresh_statistics
from tests.conftest import Sql

QUOTES = RangePartitioning("lp_quotes", Interval.DAY, 35)
MARKS = RangePartitioning("instrument_marks", Interval.MONTH, 3)
RISK = RangePartitioning("portfolio_risk", Interval.WEEK, 13)


def bounds(sql: Sql, table: str) -> dict[str, str]:
    rows = sql(
        "SELECT relname, pg_get_expr(relpartbound, pg_class.oid) AS bound FROM pg_class"
        " JOIN pg_inherits ON inhrelid = pg_class.oid WHERE inhparent = %s::regclass",
        [table],
    )
    return {row["relname"]: row["bound"] for row in rows}


def test_missing_days_are_made_once(sql: Sql) -> None:
    period = datetime(2012, 2, 28, 23, 59, tzinfo=UTC), datetime(2012, 3, 1, 0, 0, tzinfo=UTC)
    assert ensure_partitions(QUOTES, *period) == 3
    assert ensure_partitions(QUOTES, *period) == 0
    made = bounds(sql, "lp_quotes")
    assert made["lp_quotes_p2012_02_29"] == "FOR VALUES FROM ('2012-02-29 00:00:00+00') TO ('2012-03-01 00:00:00+00')"


def test_month_ends_with_the_year(sql: Sql) -> None:
    assert ensure_partitions(MARKS, datetime(2019, 12, 31, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)) == 2
    made = bounds(sql, "instrument_marks")
    assert (
        made["instrument_marks_p2019_12"] == "FOR VALUES FROM ('2019-12-01 00:00:00+00') TO ('2020-01-01 00:00:00+00')"
    )


def test_week_begins_on_monday(sql: Sql) -> None:
    assert ensure_partitions(RISK, datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 5, 23, tzinfo=UTC)) == 1
    assert "portfolio_risk_p2019_12_30" in bounds(sql, "portfolio_risk")


def test_bounds_do_not_depend_on_the_session_s_time_zone(sql: Sql) -> None:
    sql("SET LOCAL timezone = 'Pacific/Auckland'")
    assert ensure_partitions(QUOTES, datetime(2015, 6, 1, tzinfo=UTC), datetime(2015, 6, 1, 23, tzinfo=UTC)) == 1
    sql("SET LOCAL timezone = 'UTC'")
    made = bounds(sql, "lp_quotes")
    assert made["lp_quotes_p2015_06_01"] == "FOR VALUES FROM ('2015-06-01 00:00:00+00') TO ('2015-06-02 00:00:00+00')"


def test_time_of_the_catch_all_is_left_to_it(sql: Sql) -> None:
    ahead = datetime.now(UTC) + timedelta(days=5 * 365)
    assert ensure_partitions(MARKS, ahead, ahead + timedelta(days=90)) == 0


@pytest.mark.parametrize("date", ["9999-01-01", "0001-01-01", "1969-12-31", "infinity", "-infinity"])
def test_date_that_cannot_be_meant_makes_no_partition(sql: Sql, date: str) -> None:
    before = bounds(sql, "lp_quotes")
    with pytest.raises(DatabaseError, match="lp_quotes takes rows dated from 1970-01-01 to 20"), transaction.atomic():
        sql("SELECT ensure_partitions('lp_quotes', 'day', %s::timestamptz, %s)", [date, date])
    assert bounds(sql, "lp_quotes") == before


def test_a_period_of_too_many_partitions_is_refused_as_a_whole(sql: Sql) -> None:
    before = bounds(sql, "lp_quotes")
    with pytest.raises(DatabaseError, match="needs more than 1000 partitions of lp_quotes"), transaction.atomic():
        ensure_partitions(QUOTES, datetime(1990, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC))
    assert bounds(sql, "lp_quotes") == before


def test_new_partition_refuses_truncate(sql: Sql, db: None) -> None:
    ensure_partitions(QUOTES, datetime(2012, 2, 1, tzinfo=UTC), datetime(2012, 2, 1, tzinfo=UTC))
    triggers = sql(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'lp_quotes_p2012_02_01'::regclass AND tgtype::int & 32 > 0"
    )
    assert triggers == [{"tgname": "append_only_truncate"}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("'lp_quotes', 'year'", "cut by day, week or month"),
        ("'orders', 'day'", "is not a table that is partitioned by range"),
        ("'pg_class', 'day'", "is not a table that is partitioned by range"),
    ],
)
def test_function_makes_nothing_else(db: None, arguments: str, message: str) -> None:
    with pytest.raises(DatabaseError, match=message), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT ensure_partitions({arguments}, now(), now())")


def test_application_cannot_call_the_parts(sql: Sql) -> None:
    with pytest.raises(DatabaseError, match="permission denied for function build_partition"), transaction.atomic():
        sql("SELECT build_partition('lp_quotes', 'mine', '1999-01-01', '1999-01-02')")


def test_application_cannot_write_into_a_partition_directly(sql: Sql) -> None:
    ensure_partitions(QUOTES, datetime(2012, 2, 1, tzinfo=UTC), datetime(2012, 2, 1, tzinfo=UTC))
    with pytest.raises(DatabaseError, match="permission denied for table lp_quotes_p2012_02_01"), transaction.atomic():
        sql("INSERT INTO lp_quotes_p2012_02_01 (bid) VALUES (1)")


def test_application_refreshes_the_statistics_of_a_table(sql: Sql) -> None:
    sql(
        "INSERT INTO users (username, email, password_hash)"
        " SELECT 'user' || n, 'user' || n || '@example.org', '!' FROM generate_series(1, 100) n"
    )
    refresh_statistics("users")
    assert sql("SELECT reltuples::int AS rows FROM pg_class WHERE oid = 'users'::regclass") == [{"rows": 100}]


def test_statistics_of_other_tables_are_not_its_business(db: None) -> None:
    with pytest.raises(DatabaseError, match="not a table of the schema's owner"), transaction.atomic():
        refresh_statistics("pg_class")
