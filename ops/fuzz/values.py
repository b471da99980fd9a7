"""Values: those of live rows, their neighbours, and the edges of their type. All as text, null as None."""

import random
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from ops.fuzz.catalog import Catalog, Column, Table

Row = dict[str, str | None]

EDGES: dict[str, list[str]] = {
    "numeric": [
        "0", "-1", "1", "100", "0.00000001", "-0.00000001", "0.000000001", "0.00001", "9999999999999999.99999999",
        "-9999999999999999.99999999", "1e16", "1e30", "NaN", "Infinity", "-Infinity",
    ],
    "integer": [
        "0", "-1", "1", "2", "32767", "2147483647", "2147483648", "9223372036854775807",
        "-9223372036854775808",
    ],
    "time": [
        "now", "infinity", "-infinity", "epoch", "1900-01-01", "2100-01-01", "294276-12-31", "4713-01-01 BC",
        "294277-01-01", "yesterday", "tomorrow", "2026-02-30",
    ],
    "text": ["", " ", "x", "X" * 65, "y" * 300, "Ä🙂\u202e", "'; DROP TABLE orders; --", "\\N", "null", "\t\n"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "json": ["{}", "[]", "null", "1", '"x"', '{"a": {"b": [1, null, "c"]}}', '{"a": 1e500}', "{", '[{}]'],
    "boolean": ["true", "false"],
    "array": ["{}", "{NULL}", "{a,b}", "{{1},{2}}", "{"],
    "network": ["192.0.2.1", "::1", "10.0.0.0/8", "10.0.0.0/33"],
    "bytes": ["\\x", "\\x00", "\\x" + "ab" * 32, "\\xz"],
    "interval": ["0", "-1 day", "1 microsecond", "178000000 years"],
}  # fmt: skip

#: Hardly any type has a value of this text.
NO_VALUE = "{none"


def kind_of(column: Column) -> str:
    """The group of edges that a type belongs to."""
    base = column.type.split("(")[0]
    if base in {"integer", "bigint", "smallint"}:
        return "integer"
    if base in {"uuid", "bytea", "json", "jsonb"}:
        return {"bytea": "bytes", "jsonb": "json"}.get(base, base)
    return {
        "N": "numeric", "D": "time", "S": "text", "B": "boolean", "A": "array", "I": "network", "T": "interval",
    }.get(column.category, "text")  # fmt: skip


class LiveRows:
    """The oldest and newest rows of each table, read again after some draws: others write too."""

    EACH_END = 15
    DRAWS = 60

    def __init__(self, connection: psycopg.Connection[Any], catalog: Catalog, dice: random.Random) -> None:
        self.connection = connection
        self.catalog = catalog
        self.dice = dice
        self._rows: dict[str, list[Row]] = {}
        self._draws: dict[str, int] = {}

    def of(self, table: str) -> list[Row]:
        left = self._draws.get(table, 0)
        if left == 0:
            self._rows[table] = self._read(self.catalog.tables[table])
        self._draws[table] = (left or self.DRAWS) - 1
        return self._rows[table]

    def pick(self, table: str) -> Row | None:
        rows = self.of(table)
        return self.dice.choice(rows) if rows else None

    def _read(self, table: Table) -> list[Row]:
        columns = sql.SQL(", ").join(sql.SQL("{0}::text").format(sql.Identifier(name)) for name in table.columns)
        order: list[sql.Composable] = [sql.Identifier(name) for name in table.key] or [sql.SQL("1")]
        newest = sql.SQL(", ").join(sql.SQL("{} DESC").format(part) for part in order)
        query = sql.SQL(
            "(SELECT {columns} FROM {table} ORDER BY {newest} LIMIT {count})"
            " UNION (SELECT {columns} FROM {table} ORDER BY {oldest} LIMIT {count})"
        ).format(
            columns=columns,
            table=sql.Identifier(table.name),
            newest=newest,
            oldest=sql.SQL(", ").join(order),
            count=self.EACH_END,
        )
        try:
            with self.connection.transaction(), self.connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(query).fetchall()
        except psycopg.errors.InsufficientPrivilege:
            return []


class Values:
    """Draws values for columns and arguments."""

    def __init__(self, catalog: Catalog, live: LiveRows, dice: random.Random) -> None:
        self.catalog = catalog
        self.live = live
        self.dice = dice

    def for_column(self, table: Table, column: Column, row: Row | None = None) -> str | None:
        """A value for a column: mostly one that might be true, sometimes an edge. `row` is the row it is for."""
        dice = self.dice
        roll = dice.random()
        if roll < 0.01:
            return NO_VALUE
        if roll < 0.06:
            return None
        if column.words and roll < 0.6:
            return dice.choice(column.words)
        if roll < 0.5 and (referenced := self._referenced(table, column)):
            return referenced
        if roll < 0.62:
            other = self.live.pick(table.name)
            if other:
                return other[column.name]
        if row and roll < 0.8:
            return self.neighbour(table, column, row)
        if kind_of(column) == "uuid" and roll < 0.95:
            return self._any_uuid()
        return dice.choice(EDGES[kind_of(column)])

    def for_argument(self, argument: Column) -> str | None:
        """A value for an argument: of the row or the column that it is named like."""
        dice = self.dice
        roll = dice.random()
        if roll < 0.08:
            return None
        if roll < 0.88:
            if argument.type == "uuid":
                home = self.catalog.home_of_key(argument.name)
                row = self.live.pick(home) if home else None
                return row["id"] if row and "id" in row else self._any_uuid()
            homes = self.catalog.homes.get(argument.name) or self.catalog.homes.get(f"fill_{argument.name}")
            if homes:
                row = self.live.pick(dice.choice(homes))
                column = argument.name if row and argument.name in row else f"fill_{argument.name}"
                if row and row.get(column) is not None:
                    return row[column]
        return dice.choice(EDGES[kind_of(argument)])

    def neighbour(self, table: Table, column: Column, row: Row) -> str | None:
        """What is next to the row's value, or the value of a column of the same type."""
        dice = self.dice
        value = row.get(column.name)
        alike = [other.name for other in table.columns.values() if other.type == column.type and other is not column]
        if alike and dice.random() < 0.3:
            return row.get(dice.choice(alike))
        if value is None:
            return dice.choice(EDGES[kind_of(column)])
        kind = kind_of(column)
        if kind in {"numeric", "integer"}:
            return self._near(value, whole=kind == "integer")
        if kind == "time" and column.type != "time without time zone":
            return value  # times of live rows are neighbours already
        if kind == "boolean":
            return "false" if value == "true" else "true"
        if kind == "text":
            return dice.choice([value.swapcase(), value + " ", value[:-1], self.fresh(column, value)])
        return value

    def fresh(self, column: Column, value: str | None) -> str | None:
        """Another value of the kind of this one, for a column of a unique key."""
        kind = kind_of(column)
        if kind == "uuid":
            return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        if kind in {"numeric", "integer"} and value is not None:
            return self._near(value, whole=kind == "integer")
        if kind == "text":
            return f"{(value or '')[:20]}{self.dice.getrandbits(40):x}"
        return value

    def _near(self, value: str, *, whole: bool) -> str:
        try:
            number = Decimal(value)
            steps = ["1", "-1", "2"] if whole else ["1", "-1", "0.00001", "-0.00001", "0.00000001", "0.01", "100"]
            return str(self.dice.choice([number + Decimal(self.dice.choice(steps)), -number, number * 2, number]))
        except InvalidOperation:
            return value

    def _referenced(self, table: Table, column: Column) -> str | None:
        for reference in table.references:
            if column.name in reference.columns and reference.target in self.catalog.tables:
                row = self.live.pick(reference.target)
                return row[reference.target_columns[reference.columns.index(column.name)]] if row else None
        if column.type == "uuid":
            home = self.catalog.home_of_key(column.name)
            row = self.live.pick(home) if home else None
            return row.get("id") if row else None
        return None

    def _any_uuid(self) -> str | None:
        """The id of any row of any table, so that an id of the wrong table is tried too."""
        table = self.catalog.tables[self.dice.choice(list(self.catalog.tables))]
        row = self.live.pick(table.name)
        if row and "id" in row:
            return row["id"]
        return self.dice.choice(EDGES["uuid"])
