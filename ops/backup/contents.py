"""What is in a database, in a form that can be compared: row counts, hashes that no order changes, sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from config.commands.counting import counted
from ops.backup import row_hash

Connection = psycopg.Connection[tuple[Any, ...]]

_OURS = (
    "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'"
    " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
    " AND d.deptype = 'e')"
)


#: As much of a large object as is hashed at once.
_PIECE = 2**20


def key(schema: str, name: str) -> str:
    """What a manifest calls a table or sequence: quoted where a name has a dot, which would stand for another one."""
    parts = (f'"{part.replace(chr(34), chr(34) * 2)}"' if {".", '"'} & {*part} else part for part in (schema, name))
    return ".".join(parts)


@dataclass(frozen=True)
class Table:
    """A table that holds rows itself: an ordinary one or a partition. `bytes` is without indexes."""

    schema: str
    name: str
    bytes: int
    oid: int

    @property
    def key(self) -> str:
        return key(self.schema, self.name)

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True)
class Fingerprint:
    """Rows of a table and the sum of their 64-bit hashes, which is the same in every order."""

    rows: int
    hash: str


def tables(session: Connection) -> list[Table]:
    """All tables with rows of their own, the largest first."""
    rows = session.execute(
        "SELECT n.nspname, c.relname, pg_table_size(c.oid), c.oid FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = relnamespace"
        f" WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND {_OURS} ORDER BY 3 DESC, 1, 2"
    ).fetchall()
    return [Table(*row) for row in rows]


def fingerprints(session: Connection, tables: Iterable[Table]) -> Iterator[tuple[Table, Fingerprint]]:
    """Count and hash the rows of each table, one after the other, in a transaction of the caller's."""
    wanted = list(tables)
    columns = row_hash.columns(session, [table.oid for table in wanted])
    session.execute(row_hash.AS_TEXT)
    for table in wanted:
        query = sql.SQL("SELECT count(*), coalesce(sum({}), 0)::text FROM ONLY {} AS {}").format(
            row_hash.expression(columns.get(table.oid, ())), table.identifier, row_hash.ROW
        )
        yield table, Fingerprint(*(session.execute(query).fetchone() or (0, "0")))


def large_objects(session: Connection) -> Fingerprint:
    """Count and hash what no table holds, piece by piece, in a transaction of the caller's."""
    query = (
        "WITH RECURSIVE pieces AS (SELECT oid, 0::bigint AS number, length(bytes) AS length, sha256(bytes) AS hash"
        " FROM pg_largeobject_metadata, LATERAL (SELECT lo_get(oid, 0, %(piece)s) OFFSET 0) AS read (bytes)"
        " UNION ALL SELECT oid, number + 1, length(bytes), sha256(bytes)"
        " FROM pieces, LATERAL (SELECT lo_get(oid, (number + 1) * %(piece)s, %(piece)s) OFFSET 0) AS read (bytes)"
        " WHERE length = %(piece)s)"
        " SELECT count(DISTINCT oid), coalesce(sum(hashtextextended(oid || ':' || number || ':' || hash, 0)), 0)::text"
        " FROM pieces"
    )
    return Fingerprint(*(session.execute(query, {"piece": _PIECE}).fetchone() or (0, "0")))


def sequences(session: Connection) -> dict[str, str]:
    """The place of every sequence, as `last value/was it given out`."""
    names = session.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        f" WHERE c.relkind = 'S' AND {_OURS} ORDER BY 1, 2"
    ).fetchall()
    if not names:
        return {}
    query = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, last_value || '/' || is_called FROM {}").format(
            sql.Literal(key(schema, name)), sql.Identifier(schema, name)
        )
        for schema, name in names
    )
    return {str(key): str(place) for key, place in session.execute(query).fetchall()}


def differing_sequences(before: dict[str, str], after: dict[str, str], found: dict[str, str]) -> list[str]:
    """Sequences that are not where they were between two moments; a snapshot does not hold them still."""
    wrong = [f"sequence {key} is missing" for key in sorted(before.keys() - found.keys())]
    for key in sorted(before.keys() & found.keys()):
        low, high = sorted([_place(before[key]), _place(after.get(key, before[key]))])
        if not low <= _place(found[key]) <= high:
            wrong.append(f"sequence {key} is at {found[key]}, and was between {before[key]} and {after.get(key)}")
    return wrong


def _place(text: str) -> tuple[int, bool]:
    value, _, called = text.partition("/")
    return int(value), called == "true"


def differing_tables(expected: dict[str, dict[str, Any]], found: Iterable[tuple[Table, Fingerprint]]) -> list[str]:
    """One sentence for each table that is missing, unexpected, or has other rows than the manifest says."""
    there = {table.key: fingerprint for table, fingerprint in found}
    wrong = [f"table {key} is missing" for key in sorted(expected.keys() - there.keys())]
    wrong += [f"table {key} was not in the backup" for key in sorted(there.keys() - expected.keys())]
    for key in sorted(expected.keys() & there.keys()):
        if there[key].rows != expected[key]["rows"]:
            wrong.append(f"table {key} has {counted(there[key].rows, 'row')}, and had {expected[key]['rows']:,}")
        elif there[key].hash != expected[key]["hash"]:
            wrong.append(f"table {key} has other contents in its {counted(there[key].rows, 'row')}")
    return wrong
