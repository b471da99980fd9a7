"""The sum of the rows' hashes: the same in every order, another for other rows."""

from collections.abc import Callable
from contextlib import closing
from itertools import product

import pytest

from config.database.scratch import Server
from ops.backup import contents
from ops.backup.contents import Fingerprint
from tests.databases import Database

Of = Callable[..., Fingerprint]


@pytest.fixture
def of(broker: Database) -> Of:
    """The fingerprint of a table `hashed` after some statements."""

    def fingerprint(*statements: str) -> Fingerprint:
        with closing(Server.of_settings().connect(broker.name)) as session, session.transaction(force_rollback=True):
            for statement in statements:
                session.execute(statement)  # type: ignore[call-overload]
            tables = [table for table in contents.tables(session) if table.name == "hashed"]
            [(_, found)] = contents.fingerprints(session, tables)
            return found

    return fingerprint


TABLE = "CREATE TABLE hashed (a int, b text, c jsonb)"


def test_no_order_of_rows_or_columns_counts(of: Of) -> None:
    one = of(TABLE, "INSERT INTO hashed VALUES (1, 'x', '{\"k\": 1}'), (2, NULL, NULL), (2, NULL, NULL)")
    other = of(
        "CREATE TABLE hashed (gone int, b text, c jsonb, a int)",
        "ALTER TABLE hashed DROP gone",
        "INSERT INTO hashed (a) VALUES (2)",
        "INSERT INTO hashed (a, b, c) VALUES (2, NULL, NULL), (1, 'x', '{\"k\":1}')",
    )
    assert one == other
    assert one.rows == 3
    assert of(TABLE) == Fingerprint(0, "0")


@pytest.mark.parametrize(
    "rows",
    [
        "(1, 'x', '{}'), (2, NULL, NULL)",  # lost
        "(1, 'x', '{}'), (2, NULL, NULL), (2, NULL, NULL), (2, NULL, NULL)",  # doubled
        "(1, 'x', '{}'), (1, 'x', '{}'), (2, NULL, NULL)",  # another doubled
        "(1, 'x', '{}'), (2, NULL, NULL), (2, '', NULL)",  # changed
        "(1, NULL, '{}'), (2, 'x', NULL), (2, NULL, NULL)",  # exchanged
        "(1, 'x', NULL), (2, NULL, '{}'), (2, NULL, NULL)",
    ],
)
def test_a_row_that_is_lost_doubled_or_changed_counts(of: Of, rows: str) -> None:
    right = of(TABLE, "INSERT INTO hashed VALUES (1, 'x', '{}'), (2, NULL, NULL), (2, NULL, NULL)")
    assert of(TABLE, f"INSERT INTO hashed VALUES {rows}").hash != right.hash


TYPES = {
    "int2": ("1", "2"),
    "int4": ("1", "2"),
    "int8": ("1", "2"),
    "numeric": ("0", "0.1"),
    "float8": ("0.1", "0.2"),
    "bool": ("true", "false"),
    "text": ("a", ""),
    "varchar(9)": ("a", "b"),
    "uuid": ("0192b7c0-0000-7000-8000-000000000001", "0192b7c0-0000-7000-8000-000000000002"),
    "timestamptz": ("2026-05-04T14:02:59Z", "2026-05-04T14:02:59.000001Z"),
    "date": ("2026-05-04", "2026-05-05"),
    "bytea": (r"\x00", r"\x0001"),
    "jsonb": ("{}", '{"a": 1}'),
    "json": ("[1]", "[1 ]"),
    "point": ("(1,2)", "(1,3)"),
    "inet": ("127.0.0.1", "127.0.0.2"),
    "text[]": ("{a}", "{a,b}"),
    "mood": ("sad", "glad"),
    "level": ("1", "2"),
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_value_of_each_type_counts_and_so_does_where_it_stands(of: Of, kind: str) -> None:
    one, other = TYPES[kind]
    table = (
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE DOMAIN level AS int CHECK (VALUE > 0)",
        f"CREATE TABLE hashed (a {kind}, b {kind})",
    )

    def values(*rows: str) -> Fingerprint:
        return of(*table, *(f"INSERT INTO hashed VALUES ({row})" for row in rows))

    found = {
        values(f"'{first}', {second}").hash
        for first in (one, other)
        for second in (f"'{one}'", f"'{other}'", "NULL")
    } | {values(f"NULL, '{one}'").hash, values("NULL, NULL").hash}  # fmt: skip
    assert len(found) == 8
    kept, exchanged = values(f"'{one}', '{one}'", f"'{other}', '{other}'"), values(
        f"'{one}', '{other}'", f"'{other}', '{one}'"
    )  # fmt: skip
    assert kept.hash != exchanged.hash


@pytest.mark.parametrize("kind", TYPES)
def test_a_value_of_each_type_that_is_never_null_counts_and_so_does_where_it_stands(of: Of, kind: str) -> None:
    one, other = TYPES[kind]
    table = (
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE DOMAIN level AS int CHECK (VALUE > 0)",
        f"CREATE TABLE hashed (id int NOT NULL, a {kind} NOT NULL, b {kind} NOT NULL)",
    )
    rows = [f"(1, '{a}', '{b}'), (2, '{c}', '{d}')" for a, b, c, d in product((one, other), repeat=4)]
    assert len({of(*table, f"INSERT INTO hashed VALUES {each}").hash for each in rows}) == 16


def test_a_value_that_hashes_to_its_seed_counts_where_it_stands(of: Of) -> None:
    for kind, one, other in (("numeric", "NaN", "1"), ("jsonb", "{}", '{"a": 1}')):
        table = f"CREATE TABLE hashed (a {kind} NOT NULL, b {kind} NOT NULL)"
        found = {of(table, f"INSERT INTO hashed VALUES ('{a}', '{b}')").hash for a, b in ((one, other), (other, one))}
        assert len(found) == 2


def test_what_follows_from_other_columns_is_not_hashed(of: Of) -> None:
    generated = "CREATE TABLE hashed (a int NOT NULL, b int GENERATED ALWAYS AS (a * 2) STORED)"
    rows = "INSERT INTO hashed (a) VALUES (1), (2)"
    assert of(generated, rows) == of("CREATE TABLE hashed (a int NOT NULL)", rows)


def test_two_rows_that_have_exchanged_a_value_are_told_each_time(of: Of) -> None:
    """What most sums of hashes do not tell."""
    many = "INSERT INTO hashed SELECT number, number * {} % 1009 FROM generate_series(1, 1008) AS number"
    for columns in ("a int, b numeric", "a int NOT NULL, b int NOT NULL", "a int NOT NULL, b numeric NOT NULL"):
        table = f"CREATE TABLE hashed ({columns})"
        assert len({of(table, many.format(factor)).hash for factor in range(1, 100)}) == 99


def test_the_settings_of_a_session_do_not_count(of: Of) -> None:
    table = "CREATE TABLE hashed (a json, b point, c interval, d timestamptz, e timestamptz[])"
    times = "'2026-05-04T14:02:59Z', '{2026-05-04T14:02:59Z}'"
    row = f"INSERT INTO hashed VALUES ('[1]', '(0.1,2)', '1 day 2 hours', {times})"
    elsewhere = (
        "SET LOCAL timezone = 'Asia/Tokyo'",
        "SET LOCAL datestyle = 'German'",
        "SET LOCAL intervalstyle = 'iso_8601'",
        "SET LOCAL extra_float_digits = -5",
    )
    assert of(table, row) == of(table, row, *elsewhere)
