"""Keys made by the database."""

import time
import uuid

from tests.conftest import Sql


def test_keys_are_version_7_of_the_rfc(sql: Sql) -> None:
    key = sql("SELECT uuidv7() AS key")[0]["key"]
    assert key.version == 7
    assert key.variant == uuid.RFC_4122


def test_key_begins_with_the_time_in_milliseconds(sql: Sql) -> None:
    before = time.time_ns() // 1_000_000
    key = sql("SELECT uuidv7() AS key")[0]["key"]
    after = time.time_ns() // 1_000_000
    assert before <= key.int >> 80 <= after


def test_keys_of_one_millisecond_are_ordered(sql: Sql) -> None:
    rows = sql(
        "WITH made AS MATERIALIZED (SELECT n, uuidv7() AS key FROM generate_series(1, 20000) n)"
        " SELECT count(*) FILTER (WHERE key > previous)::float / count(*) AS ordered, count(DISTINCT key) AS distinct"
        " FROM (SELECT key, lag(key) OVER (ORDER BY n) AS previous FROM made) pairs WHERE previous IS NOT NULL"
    )
    # Two keys of the same microsecond may swap; a millisecond-only recipe would order about half.
    assert rows[0]["ordered"] > 0.7
    assert rows[0]["distinct"] == 19999
