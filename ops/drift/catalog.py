"""The live catalog as plain data: kind → name → facts, the same for the same schema, whatever its history.

Partitions are data: which ones exist depends on the day. Everything about one is gathered into a single item whose
facts do not name it, so that it can be compared with a partition of another day.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from psycopg import Connection, Cursor, sql
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from config.database.roles import GROUPS, LOGINS

QUERIES = Path(__file__).parent / "queries"
PARTITION = "partition"
#: Facts that are text of the author's own: every blank of it counts.
VERBATIM = {"body", "comment"}
_TO_TEXT = r"::(?:character varying|text)\b(?:\(\d+\))?(?:\[\])?"
_SIMPLE = r"'(?:[^']|'')*'|[\w.]+|ARRAY\[[^][()]*\]"
#: The roles whose attributes, memberships and settings are the project's business.
ROLES = [*(group.name for group in GROUPS), *LOGINS]


@dataclass(frozen=True)
class Item:
    """One object: its facts by name, what it is a part of, and the SQL that makes it where one statement does."""

    facts: dict[str, Any]
    part_of: str | None = None
    sql: str | None = None


@dataclass(frozen=True)
class Catalog:
    """Everything that was found, by kind and name; and the rows of tables whose rows belong to the schema."""

    kinds: dict[str, dict[str, Item]] = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        kinds = {kind: {name: asdict(item) for name, item in items.items()} for kind, items in self.kinds.items()}
        return {"kinds": kinds, "rows": self.rows}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Catalog":
        kinds = {kind: {name: Item(**item) for name, item in items.items()} for kind, items in data["kinds"].items()}
        return cls(kinds, data["rows"])


@cache
def queries() -> dict[str, str]:
    """Kind → its query; the columns are name, part_of, leaf_of, sql, facts."""
    ours = (QUERIES / "_ours.sql").read_text(encoding="utf-8")
    roles = sql.SQL("{}").format(sql.Literal(ROLES)).as_string(None)
    return {
        path.stem.replace("_", " "): ours + path.read_text(encoding="utf-8").replace(":roles", roles)
        for path in sorted(QUERIES.glob("[a-z]*.sql"))
    }


def read_catalog(connection: Connection[Any], *, rows_of: Iterable[str] | None = ()) -> Catalog:
    """Read the schema that comes first in the search path of a connection, and the rows of some of its tables (None:
    of all that have any); changes nothing.

    On one snapshot, so that a change that is made meanwhile is seen as a whole or not at all; in the caller's
    transaction if one is open.
    """
    kinds: dict[str, dict[str, Item]] = {}
    partitions: dict[str, Item] = {}
    with _snapshot(connection), connection.cursor(row_factory=tuple_row) as cursor:
        for kind, query in queries().items():
            cursor.execute(query)
            items = kinds.setdefault(kind, {})
            for name, part_of, leaf_of, statement, facts in cursor.fetchall():
                found = _clean(_as_dict(facts))
                if leaf_of is None:
                    items[name] = Item(found, part_of, statement)
                else:
                    leaf = partitions.setdefault(part_of, Item({"of": leaf_of}))
                    leaf.facts.update(_of_leaf(kind, name, part_of, found))
        present = [name for name in kinds["table"] if not name.startswith("django_")]
        wanted = present if rows_of is None else [name for name in rows_of if name in present]
        rows = {table: _rows(cursor, table) for table in wanted}
    kinds[PARTITION] = {name: partitions[name] for name in sorted(partitions)}
    return Catalog(
        {kind: dict(sorted(items.items())) for kind, items in kinds.items()},
        {table: found for table, found in rows.items() if found or rows_of is not None},
    )


def _rows(cursor: Cursor[Any], table: str) -> list[str]:
    """The rows of a table by what people write: texts, truth values, lists. Keys and times are each database's own."""
    cursor.execute(
        "SELECT attname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND typcategory IN ('S', 'B', 'A', 'E') ORDER BY attnum",
        [sql.Identifier(table).as_string(cursor)],
    )
    columns = [sql.SQL("{}::text").format(sql.Identifier(name)) for (name,) in cursor.fetchall()]
    if not columns:
        return []
    row = sql.SQL(", ").join(columns)
    cursor.execute(sql.SQL("SELECT concat_ws(', ', {}) FROM {}").format(row, sql.Identifier(table)))
    return sorted(row for (row,) in cursor.fetchall())


@contextmanager
def _snapshot(connection: Connection[Any]) -> Iterator[None]:
    if connection.info.transaction_status != TransactionStatus.IDLE:
        yield
        return
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _of_leaf(kind: str, name: str, leaf: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of one object of a partition, under names and with values that do not name the partition."""
    word = re.compile(rf"\b{re.escape(leaf)}\b")
    short = word.sub("", name).removesuffix(" of ").removeprefix(".").strip()
    prefix = f"{kind} {short}".strip()
    return {
        f"{prefix}: {fact}": word.sub("{partition}", value) if isinstance(value, str) else value
        for fact, value in facts.items()
        if not (kind == "index" and fact == "table")
    }


def _as_dict(facts: Any) -> dict[str, Any]:
    return json.loads(facts) if isinstance(facts, str) else facts


def _clean(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts that are not null, expressions in one spelling."""
    return {
        fact: one_spelling(value) if isinstance(value, str) and fact not in VERBATIM else value
        for fact, value in facts.items()
        if value is not None
    }


def one_spelling(expression: str) -> str:
    """Without the casts between text types that PostgreSQL adds, and adds elsewhere when it reads its own output.

    `status IN ('a', 'b')` on a varchar column is printed as a cast array of varchar, but after a dump and a restore
    as an array of casts: the same rule, told from a changed one only if both are written alike.
    """
    if "::" not in expression:
        return expression
    expression = re.sub(rf"(?<!\)){_TO_TEXT}", "", expression)
    before = None
    while before != expression:
        before, expression = expression, re.sub(rf"(?<!\w)\(({_SIMPLE})\){_TO_TEXT}", r"\1", expression)
    return re.sub(_TO_TEXT, "", expression)
