"""A 64-bit hash of a row, as SQL: cheap, the same in every version of PostgreSQL, and fit to be summed up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import sql

#: What a row is called where it is hashed: a name that no column has.
ROW = sql.Identifier("the row")
#: The hash functions of hash partitions, which may never give another value, by the type that they can be called with.
_FUNCTIONS = {
    "int2": "hashint2extended",
    "int4": "hashint4extended",
    "int8": "hashint8extended",
    "numeric": "hash_numeric_extended",
    "text": "hashtextextended",
    "varchar": "hashtextextended",
    "uuid": "uuid_hash_extended",
    "jsonb": "jsonb_hash_extended",
}
#: Functions that give their seed back for some values, as for `{}` and NaN: a chain would not tell where one stands.
_UNCHAINED = frozenset({"hash_numeric_extended", "jsonb_hash_extended"})
#: Types whose functions cannot be called with them by name, but are by `hash_array_extended`.
_IN_ARRAYS = frozenset({"bool", "bytea", "date", "timestamp", "timestamptz"})
#: All others are hashed as text: json and points have no hash, that of an enum is of a number that a restore changes.
AS_TEXT = (
    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres';"
    " SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'"
)


@dataclass(frozen=True)
class Column:
    """A column of a table; `type` is the name of a type of PostgreSQL's own, else empty."""

    name: str
    type: str
    is_nullable: bool


def columns(session: psycopg.Connection[tuple[Any, ...]], tables: Iterable[int]) -> Mapping[int, tuple[Column, ...]]:
    """The columns of each table, which is named by its number (`oid`).

    Without generated ones: they are neither dumped nor restored, but made of the others.
    """
    rows = session.execute(
        "SELECT attrelid, attname, CASE typnamespace WHEN 'pg_catalog'::regnamespace THEN typname ELSE '' END,"
        " NOT attnotnull FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid"
        " WHERE attrelid = ANY (%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
        " ORDER BY attname",
        [list(tables)],
    ).fetchall()
    found: dict[int, list[Column]] = {}
    for table, *column in rows:
        found.setdefault(int(table), []).append(Column(*column))
    return {table: tuple(its) for table, its in found.items()}


@lru_cache  # partitions have the same columns
def expression(of: tuple[Column, ...]) -> sql.SQL:
    """The hash of a row with these columns, each by its name wherever it stands.

    Columns that are never null make a chain: each is hashed with the hash of those before as its seed, which spares a
    call. Others are put to the chain by XOR, and rows to each other by a sum, as of these two neither can be drawn into
    the other. The sum of `hash_record_extended` did not tell in two of three cases that two rows had exchanged a value:
    that is itself a sum.
    """
    chain: sql.Composable = _number("row")
    parts: list[sql.Composable] = []
    arrays: dict[str, list[Column]] = {}
    for column in of:
        if column.type in _IN_ARRAYS:
            arrays.setdefault(column.type, []).append(column)
            continue
        value: sql.Composable = sql.SQL("{}.{}").format(ROW, sql.Identifier(column.name))
        function = _FUNCTIONS.get(column.type)
        if function is None:
            function, value = "hashtextextended", sql.SQL("{}::text").format(value)
        if not column.is_nullable and function not in _UNCHAINED:
            chain = _call(function, value, chain)
            continue
        part = _call(function, value, _number(column.name))
        if column.is_nullable:
            part = sql.SQL("coalesce({}, {})").format(part, _number(f"null {column.name}"))
        parts.append(part)
    for group in arrays.values():
        values = sql.SQL(", ").join(sql.SQL("{}.{}").format(ROW, sql.Identifier(column.name)) for column in group)
        names = ", ".join(column.name for column in group)
        parts.append(_call("hash_array_extended", sql.SQL("ARRAY[{}]").format(values), _number(names)))
    return sql.SQL(sql.SQL(" # ").join([chain, *parts]).as_string())


def _call(function: str, value: sql.Composable, seed: sql.Composable) -> sql.Composable:
    return sql.SQL("{}({}, {})").format(sql.SQL(function), value, seed)


def _number(what: str) -> sql.Composable:
    """One of 2⁶⁴ numbers that is always the same for the same words."""
    digest = hashlib.blake2b(what.encode(), digest_size=8).digest()
    # In quotes: the lowest one has no literal without them.
    return sql.SQL("'{}'::bigint").format(sql.SQL(str(int.from_bytes(digest, signed=True))))
