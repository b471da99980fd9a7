"""What the database's own catalog says about its tables, columns and functions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column or an argument of a function; `words` are the literals that its CHECKs name."""

    name: str
    type: str
    category: str
    is_required: bool = False
    has_default: bool = False
    is_generated: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A foreign key: `columns` of this table name `target_columns` of `target`."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    name: str
    columns: dict[str, Column]
    key: tuple[str, ...]
    #: Columns of unique keys: a copy of a row needs other values there.
    unique: frozenset[str]
    references: tuple[Reference, ...]
    is_partition: bool
    #: Whether the application may insert; where it may not, a few tries are enough.
    is_open: bool

    @property
    def writable(self) -> list[Column]:
        return [column for column in self.columns.values() if not column.is_generated]


@dataclass(frozen=True, kw_only=True)
class Function:
    name: str
    arguments: tuple[Column, ...]


@dataclass(frozen=True, kw_only=True)
class Catalog:
    tables: dict[str, Table]
    functions: tuple[Function, ...]
    #: Name of a column → the tables that have it: where a function's argument of that name may come from.
    homes: dict[str, list[str]] = field(default_factory=dict)

    def home_of_key(self, argument: str) -> str | None:
        """The table that an argument such as `account` or `order_id` names a row of."""
        stem = argument.removesuffix("_id")
        return next((name for name in (f"{stem}s", stem) if name in self.tables), None)


def read_catalog(connection: psycopg.Connection[Any]) -> Catalog:
    """Read the tables of the current schema, one partition of each partitioned one, and the granted functions."""
    cursor = connection.cursor(row_factory=dict_row)
    words: dict[tuple[str, str], set[str]] = {}
    for row in cursor.execute(_CHECKS):
        for column in row["columns"]:
            words.setdefault((row["table"], column), set()).update(_literals(row["definition"]))
    references: dict[str, list[Reference]] = {}
    for row in cursor.execute(_FOREIGN_KEYS):
        references.setdefault(row["table"], []).append(
            Reference(columns=tuple(row["columns"]), target=row["target"], target_columns=tuple(row["target_columns"]))
        )
    columns: dict[str, dict[str, Column]] = {}
    for row in cursor.execute(_COLUMNS):
        table = row.pop("table")
        known = words.get((table, row["name"]), set())
        columns.setdefault(table, {})[row["name"]] = Column(**row, words=tuple(sorted(known)))
    tables = {
        row["name"]: Table(
            name=row["name"],
            columns=columns[row["name"]],
            key=tuple(row["key"] or ()),
            unique=frozenset(row["unique"] or ()),
            references=tuple(references.get(row["name"], ())),
            is_partition=row["is_partition"],
            is_open=row["is_open"],
        )
        for row in cursor.execute(_TABLES)
    }
    homes: dict[str, list[str]] = {}
    for table_ in tables.values():
        for name in table_.columns:
            homes.setdefault(name, []).append(table_.name)
    return Catalog(tables=tables, functions=tuple(_functions(cursor)), homes=homes)


def _literals(definition: str) -> Iterator[str]:
    """The short texts that a CHECK names, each element of `'{buy,sell}'::text[]` by itself."""
    for literal, is_array in re.findall(r"'([^']*)'::[a-z ]+(\[\])?", definition):
        parts = literal.strip("{}").split(",") if is_array else [literal]
        yield from (part.strip('"') for part in parts if 0 < len(part) <= 40)


def _functions(cursor: psycopg.Cursor[dict[str, Any]]) -> Iterator[Function]:
    for row in cursor.execute(_FUNCTIONS):
        optional = len(row["types"]) - row["defaults"]
        arguments = [
            Column(name=name, type=type_, category=category, has_default=position >= optional)
            for position, (name, type_, category) in enumerate(
                zip(row["names"], row["types"], row["categories"], strict=True)
            )
        ]
        yield Function(name=row["name"], arguments=tuple(arguments))


_TABLES = """
    SELECT relname::text AS name, relispartition AS is_partition,
           has_any_column_privilege(oid, 'INSERT') AS is_open,
           (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_index
              JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
             WHERE indrelid = pg_class.oid AND indisprimary) AS key,
           (SELECT array_agg(DISTINCT attname::text) FROM pg_index
              JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
             WHERE indrelid = pg_class.oid AND indisunique) AS unique
      FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
       AND relname NOT LIKE 'django%' AND relname NOT LIKE 'auth%'
       AND (NOT relispartition
            OR oid IN (SELECT min(inhrelid::bigint) FROM pg_inherits GROUP BY inhparent))
     ORDER BY relname
"""

_COLUMNS = """
    SELECT relname::text AS table, attname::text AS name, format_type(atttypid, atttypmod) AS type,
           typcategory::text AS category,
           attnotnull AS is_required, atthasdef OR attidentity <> '' AS has_default,
           attgenerated <> '' OR attidentity = 'a' AS is_generated
      FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
      JOIN pg_type ON pg_type.oid = atttypid
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
     ORDER BY relname, attnum
"""

_CHECKS = """
    SELECT relname::text AS table, pg_get_constraintdef(pg_constraint.oid) AS definition,
           ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS columns
      FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
     WHERE contype = 'c' AND relnamespace = current_schema()::regnamespace
"""

_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text AS table, confrelid::regclass::text AS target,
           (SELECT array_agg(attname::text ORDER BY position)
              FROM unnest(conkey) WITH ORDINALITY AS key (number, position)
              JOIN pg_attribute ON attrelid = conrelid AND attnum = number) AS columns,
           (SELECT array_agg(attname::text ORDER BY position)
              FROM unnest(confkey) WITH ORDINALITY AS key (number, position)
              JOIN pg_attribute ON attrelid = confrelid AND attnum = number) AS target_columns
      FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY oid
"""

# What the application may call and is the project's own: neither an extension's nor a trigger's. What takes a table
# works on the schema, for which a random period may mean hours; what is not volatile writes nothing.
_FUNCTIONS = """
    SELECT proname::text AS name, pronargdefaults AS defaults,
           coalesce(proargnames[:pronargs], '{}') AS names,
           ARRAY(SELECT format_type(type, NULL) FROM unnest(proargtypes) WITH ORDINALITY AS argument (type, position)
                  ORDER BY position) AS types,
           ARRAY(SELECT typcategory::text FROM unnest(proargtypes) WITH ORDINALITY AS argument (type, position)
                   JOIN pg_type ON pg_type.oid = type ORDER BY position) AS categories
      FROM pg_proc
     WHERE pronamespace = current_schema()::regnamespace AND has_function_privilege(oid, 'EXECUTE')
       AND prorettype <> 'trigger'::regtype AND provariadic = 0 AND pronargs > 0
       AND provolatile = 'v' AND NOT 'regclass'::regtype = ANY (proargtypes::oid[])
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
     ORDER BY proname, oid
"""
