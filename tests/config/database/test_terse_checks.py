"""CHECKs are stored short: the server reads them anew for each statement that writes their table."""

from typing import Any

import pytest

from config.database.psqlextra_backend.schema import terse
from ops.bench.flow.unguarded import TABLES

Sql = Any


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("""("status" IN ('new', 'filled'))""", """("status" = ANY ('{"new","filled"}'::text[]))"""),
        ("""("route" IN ('', 'abook') OR "n" > 0)""", """("route" = ANY ('{"","abook"}'::text[]) OR "n" > 0)"""),
        # Anything that is no plain word stays as it is.
        ("""("status" IN ('it''s', 'new'))""", """("status" IN ('it''s', 'new'))"""),
        ("""("status" IN ('a,b', 'c'))""", """("status" IN ('a,b', 'c'))"""),
        ("""("number" IN (1, 2))""", """("number" IN (1, 2))"""),
    ],
)
def test_lists_of_words_become_arrays(check: str, expected: str) -> None:
    assert terse(check) == expected


def test_both_forms_say_the_same_of_every_value(sql: Sql) -> None:
    check = """("status" IN ('new', '', 'two words'))"""
    rows = sql(
        f"SELECT ({check}) AS long, ({terse(check)}) AS short"
        " FROM (VALUES ('new'), (''), ('two words'), ('other'), ('NEW'), ('new '), (NULL)) AS v (status)"
    )
    assert [row["long"] for row in rows] == [True, True, True, False, False, False, None]
    assert [row["short"] for row in rows] == [row["long"] for row in rows]


def test_no_check_of_the_books_lists_words_one_by_one(sql: Sql) -> None:
    long = sql(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = ANY (%s::regclass[])"
        " AND pg_get_constraintdef(oid) ~ 'ARRAY..[^,]*::character varying, '",
        [[*TABLES]],
    )
    assert long == []
