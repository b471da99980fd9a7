"""Random statements, built from what the catalog says."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from ops.fuzz.catalog import Catalog, Column, Table
from ops.fuzz.values import EDGES, Row, Values, kind_of


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement for one table (or function); `copied` are the rows of a COPY."""

    table: str
    sql: str
    parameters: list[str | None] = field(default_factory=list)
    copied: list[list[str | None]] | None = None


class Statements:
    """Draws statements: tables that the invariants speak of more often than others."""

    def __init__(
        self, catalog: Catalog, values: Values, dice: random.Random, *, important: frozenset[str] = frozenset()
    ) -> None:
        self.catalog = catalog
        self.values = values
        self.dice = dice
        self._names = list(catalog.tables)
        self._weights = [self._weight(catalog.tables[name], important) for name in self._names]

    @staticmethod
    def _weight(table: Table, important: frozenset[str]) -> float:
        if table.is_partition or not table.is_open:
            return 0.2
        return 5 if table.name in important else 1

    def draw(self) -> Statement:
        kinds: list[tuple[float, Callable[[Table], Statement]]] = [
            (40, self.insert), (34, self.update), (8, self.delete), (7, self.copy), (1, self.truncate),
        ]  # fmt: skip
        if self.catalog.functions and self.dice.random() < 0.12:
            return self.call()
        build = self.dice.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]
        return build(self.catalog.tables[self.dice.choices(self._names, self._weights)[0]])

    def insert(self, table: Table) -> Statement:
        """One row or several, mostly copies of live ones with other keys and a few other values; perhaps an upsert."""
        columns, rows = self._new_rows(table, self.dice.choice([1, 1, 1, 2, 4]))
        names = ", ".join(_quoted(column.name) for column in columns)
        line = f"({', '.join(['%s'] * len(columns))})"
        text = f"INSERT INTO {table.name} ({names}) VALUES {', '.join([line] * len(rows))}"
        roll = self.dice.random()
        if roll < 0.1:
            text += " ON CONFLICT DO NOTHING"
        elif roll < 0.2 and table.key and columns:
            column = _quoted(self.dice.choice(columns).name)
            key = ", ".join(_quoted(name) for name in table.key)
            text += f" ON CONFLICT ({key}) DO UPDATE SET {column} = EXCLUDED.{column}"
        return Statement(table=table.name, sql=text, parameters=[value for row in rows for value in row])

    def copy(self, table: Table) -> Statement:
        columns, rows = self._new_rows(table, self.dice.choice([1, 2, 5]))
        names = ", ".join(_quoted(column.name) for column in columns)
        return Statement(table=table.name, sql=f"COPY {table.name} ({names}) FROM STDIN", copied=rows)

    def update(self, table: Table) -> Statement:
        """Some columns of one live row, of those alike, or of all."""
        dice = self.dice
        row = self.values.live.pick(table.name)
        columns = dice.sample(list(table.columns.values()), min(dice.choice([1, 1, 1, 2, 3]), len(table.columns)))
        assignments, parameters = [], []
        for column in columns:
            name = _quoted(column.name)
            alike = [other.name for other in table.columns.values() if other.type == column.type]
            roll = dice.random()
            if roll < 0.12:
                assignments.append(f"{name} = {_quoted(dice.choice(alike))}")
            elif roll < 0.24 and kind_of(column) in {"numeric", "integer"}:
                assignments.append(f"{name} = {name} {dice.choice(['+ 1', '- 1', '* 2', '* -1', '+ 0.00001'])}")
            else:
                assignments.append(f"{name} = %s")
                parameters.append(self.values.for_column(table, column, row))
        where, values = self._where(table, row)
        return Statement(
            table=table.name,
            sql=f"UPDATE {table.name} SET {', '.join(assignments)}{where}",
            parameters=[*parameters, *values],
        )

    def delete(self, table: Table) -> Statement:
        where, parameters = self._where(table, self.values.live.pick(table.name))
        return Statement(table=table.name, sql=f"DELETE FROM {table.name}{where}", parameters=parameters)

    def truncate(self, table: Table) -> Statement:
        return Statement(table=table.name, sql=f"TRUNCATE {table.name}{self.dice.choice(['', ' CASCADE'])}")

    def call(self) -> Statement:
        """A granted function with arguments that may fit; optional ones are left out now and then."""
        function = self.dice.choice(self.catalog.functions)
        arguments, parameters = [], []
        for argument in function.arguments:
            if argument.has_default and self.dice.random() < 0.5:
                continue
            arguments.append(f"{_quoted(argument.name)} => %s::{argument.type}")
            parameters.append(self._argument(function.name, argument))
        return Statement(
            table=f"{function.name}()", sql=f"SELECT {function.name}({', '.join(arguments)})", parameters=parameters
        )

    def _argument(self, function: str, argument: Column) -> str | None:
        # Keys of which a repetition means something else than another one: both are tried.
        if argument.type == "text" and argument.name.endswith(("key", "execution_id")) and self.dice.random() < 0.7:
            return f"fuzz-{self.dice.getrandbits(40):x}"
        return self.values.for_argument(argument)

    def _new_rows(self, table: Table, count: int) -> tuple[list[Column], list[list[str | None]]]:
        dice = self.dice
        template = self.values.live.pick(table.name) if dice.random() < 0.85 else None
        left_out = {
            column.name
            for column in table.columns.values()
            if (column.is_generated and dice.random() < 0.99)
            or (column.name in table.key and column.has_default and dice.random() < 0.9)
            or (column.has_default and template is None and dice.random() < 0.6)
        }
        columns = [column for column in table.columns.values() if column.name not in left_out]
        rows = []
        for _ in range(count):
            row = dict(template) if template else self._from_nothing(table, columns)
            for column in columns:
                if column.name in table.unique and dice.random() < 0.7 and not self._refers(table, column):
                    row[column.name] = self.values.fresh(column, row.get(column.name))
            for column in dice.sample(columns, min(dice.choice([0, 0, 1, 1, 2, 4]), len(columns))):
                row[column.name] = self.values.for_column(table, column, row)
            rows.append([row.get(column.name) for column in columns])
        return columns, rows

    def _from_nothing(self, table: Table, columns: list[Column]) -> Row:
        return {
            column.name: self.values.for_column(table, column)
            if column.is_required or self.dice.random() < 0.5
            else None
            for column in columns
        }

    @staticmethod
    def _refers(table: Table, column: Column) -> bool:
        return any(column.name in reference.columns for reference in table.references)

    def _where(self, table: Table, row: Row | None) -> tuple[str, list[str | None]]:
        dice = self.dice
        roll = dice.random()
        if row is None or roll < 0.02:
            return "", []
        if roll < 0.12:
            name = dice.choice(list(table.columns))
            return f" WHERE {_quoted(name)}::text = %s", [row[name]]
        key = table.key or tuple(table.columns)[:1]
        return " WHERE " + " AND ".join(f"{_quoted(name)} = %s" for name in key), [row[name] for name in key]


def _quoted(name: str) -> str:
    return f'"{name}"'


__all__ = ["EDGES", "Statement", "Statements"]
