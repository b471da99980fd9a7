"""Every number is a number, every time is one: tried on each column of every table, as the catalog has its rule."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from config.database.finite import UNCHECKED_TABLES

Sql = Callable[..., list[dict[str, Any]]]

APPS = ("accounts", "trading", "liquidity", "risk", "audit", "ops")
TABLES = sorted(
    {model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()} - {*UNCHECKED_TABLES}
)
TRIED = [f"{table}_finite_check" for table in TABLES]

#: What could be neither a number nor a time; generated columns follow from others.
COLUMNS = """
    SELECT attname AS name, atttypid = 'numeric'::regtype AS is_number FROM pg_attribute
     WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
       AND atttypid IN ('numeric'::regtype, 'timestamptz'::regtype, 'date'::regtype)
"""
#: Times that are none, and times that neither driver nor Django can read.
UNREADABLE = ("infinity", "-infinity", "10000-01-01Z", "0001-12-31Z BC")
DEFINITION = (
    "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s"
)


def test_only_tables_that_the_application_cannot_write_are_left_out(sql: Sql) -> None:
    rows = sql(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE has_table_privilege('trading_app', name, 'INSERT, UPDATE')",
        [[*UNCHECKED_TABLES]],
    )
    assert rows == []


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.usefixtures("as_owner")
def test_a_value_is_finite(table: str, sql: Sql, refused: Any) -> None:
    """On a copy of the table that has this constraint only, so that each column is tried alone."""
    columns = sql(COLUMNS, [table])
    constraint = sql(DEFINITION, [table, f"{table}_finite_check"])
    assert [*constraint] == [*constraint][: bool(columns)]
    if not columns:
        return
    sql(f"CREATE TEMPORARY TABLE copy ON COMMIT DROP AS SELECT * FROM {table} WITH NO DATA")
    sql(f"ALTER TABLE copy ADD CONSTRAINT {table}_finite_check {constraint[0]['text']}")
    for column in columns:
        for value in ("NaN",) if column["is_number"] else UNREADABLE:
            with refused(f"{table}_finite_check"):
                sql(f"INSERT INTO copy ({column['name']}) VALUES (%s)", [value])
        for value in ("0.5",) if column["is_number"] else ("2026-01-01", "0001-01-01Z", "9999-12-31Z"):
            sql(f"INSERT INTO copy ({column['name']}) VALUES (%s)", [value])
