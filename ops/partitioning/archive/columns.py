"""How a column's values are written to Parquet, and how each is spelled for the hash of the rows.

A spelling is made twice, by PostgreSQL from the table and here from the file, so that a value that changed on the way
is found: `true`, `-12`, `1.10000000`, microseconds since 1970 in UTC, days since 1970, hexadecimal bytes, else
PostgreSQL's own text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db import connection


@dataclass(frozen=True)
class Column:
    """A column: what is selected for the file, of which Arrow type; how SQL and how we spell a value for the hash."""

    name: str
    sql_type: str
    selected: str
    arrow: pa.DataType
    spelled: str
    spell: Callable[[Any], str]
    #: The type of the selected values, where the file's type is another view of the same bits.
    selected_arrow: pa.DataType | None = None

    def array(self, values: list[Any]) -> pa.Array:
        """The selected values as they go to the file; raises ArrowInvalid for what the type cannot hold exactly."""
        if self.selected_arrow is None:
            return pa.array(values, type=self.arrow)
        return pa.array(values, type=self.selected_arrow).view(self.arrow)

    def spellings(self, array: pa.Array) -> list[str | None]:
        """The values of a file's column, spelled."""
        values = array.view(self.selected_arrow) if self.selected_arrow is not None else array
        return [None if value is None else self.spell(value) for value in values.to_pylist()]


INTEGERS = {"smallint": pa.int16(), "integer": pa.int32(), "bigint": pa.int64()}


def columns_of(table: str) -> list[Column]:
    """All columns of a table, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, quote_ident(attname), format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [table],
        )
        return [_column(*row) for row in cursor.fetchall()]


def _column(name: str, quoted: str, sql_type: str) -> Column:
    text = f"{quoted}::text"
    numeric = re.fullmatch(r"numeric\((\d+),(\d+)\)", sql_type)
    if numeric and int(numeric[1]) <= 76:
        precision, scale = map(int, numeric.groups())
        decimal = pa.decimal128 if precision <= 38 else pa.decimal256
        return Column(name, sql_type, quoted, decimal(precision, scale), text, lambda value: f"{value:f}")
    if sql_type in INTEGERS:
        return Column(name, sql_type, quoted, INTEGERS[sql_type], text, str)
    if sql_type == "timestamp with time zone":
        micros = f"(extract(epoch FROM {quoted}) * 1000000)::bigint"
        moment = pa.timestamp("us", tz="UTC")
        return Column(name, sql_type, micros, moment, f"{micros}::text", str, selected_arrow=pa.int64())
    if sql_type == "date":
        days = f"({quoted} - date '1970-01-01')"
        return Column(name, sql_type, days, pa.date32(), f"{days}::text", str, selected_arrow=pa.int32())
    if sql_type == "boolean":
        return Column(name, sql_type, quoted, pa.bool_(), text, lambda value: "true" if value else "false")
    if sql_type == "bytea":
        return Column(name, sql_type, quoted, pa.binary(), f"encode({quoted}, 'hex')", bytes.hex)
    return Column(name, sql_type, text, pa.string(), text, str)
