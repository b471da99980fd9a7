"""The history of one row of an audited table: every version of it, and what it was at a time.

The table has the newest version and the log what each change took away, so the past is read backwards: from the row,
or from what its deletion left, each change puts its old values back. Values are as in the log: numbers with decimals
are `Decimal`, secrets "***".
"""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from audit.capture.columns import Column
from audit.capture.triggers import audited_columns, audited_models

Row = dict[str, Any]


class NotAudited(LookupError):
    """No audited table has that name."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One change: what it changed (column → [old, new]), what the row was after it, and who made it.

    `row` is None after a deletion. Times are those of the statement.
    """

    id: int
    at: datetime
    action: str
    transaction: int
    changes: dict[str, Any]
    row: Row | None
    user_id: UUID | None
    user_ip: str | None
    user_agent: str
    session_id: str
    request_id: str
    service: str
    reason: str
    db_user: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        """For people: (column, "old → new"), of a deletion (column, value)."""
        if self.action == "UPDATE":
            return [(column, f"{old} → {new}") for column, (old, new) in self.changes.items()]
        return [(column, str(value)) for column, value in self.changes.items()]


@dataclass(frozen=True, kw_only=True)
class History:
    """All versions of a row, oldest first. `before` is what it was before the first of them; None: it was not there."""

    table: str
    record_id: UUID
    versions: list[Version]
    before: Row | None

    def at(self, moment: datetime) -> Row | None:
        """The row as it was at a moment; None if it was not there."""
        row = self.before
        for version in self.versions:
            if version.at > moment:
                break
            row = version.row
        return row


def history(table: str, record_id: UUID, *, newest: int | None = None) -> History:
    """The history of one row, also of a deleted one; at most its `newest` versions. Raises `NotAudited`.

    One statement reads the row and its log, so that both are of one moment.
    """
    columns = _columns(table)
    with connection.cursor() as cursor:
        cursor.execute(_QUERY.format(table=table, row=_as_json(columns)), [record_id, table, record_id, newest])
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    live = _loads(found[0]["live"]) if found[0]["live"] else None
    versions, before = _replayed([entry for entry in found if entry["id"] is not None], live)
    return History(table=table, record_id=record_id, versions=versions, before=before)


def _replayed(entries: list[dict[str, Any]], live: Row | None) -> tuple[list[Version], Row | None]:
    """Of entries that come newest first."""
    row = live
    versions: list[Version] = []
    for entry in entries:
        entry.pop("live")
        entry["changes"] = _loads(entry["changes"])
        entry["at"] = entry.pop("created_at")
        entry["transaction"] = entry.pop("txid")
        is_deleted = entry["action"] == "DELETE"
        versions.append(Version(**entry, row=None if is_deleted else row))
        if is_deleted:
            row = entry["changes"]
        elif entry["action"] == "INSERT":
            row = None
        else:
            row = {**(row or {}), **{column: old for column, (old, _) in entry["changes"].items()}}
    return versions[::-1], row


def with_generated(table: str, row: Row) -> Row:
    """The row with the columns that the database computes from others, as its expressions are now."""
    with connection.cursor() as cursor:
        cursor.execute(_GENERATED, [table])
        generated = dict(cursor.fetchall())
        if not generated:
            return row
        selected = ", ".join(f'to_json({expression})::text AS "{name}"' for name, expression in generated.items())
        # A secret is not in the row, and nothing is computed from one.
        hidden = {column.name for column in _columns(table) if column.hidden}
        known = {name: value for name, value in row.items() if name not in hidden}
        document = json.dumps(known, cls=DjangoJSONEncoder)
        cursor.execute(f"SELECT {selected} FROM jsonb_populate_record(NULL::{table}, %s) AS {table}", [document])
        values = [_loads(text) if text else None for text in cursor.fetchone()]
        return {**row, **dict(zip(generated, values, strict=True))}


def _loads(text: str, levels: int = 2) -> Any:
    """Columns and their values, or their [old, new]; a value that is nested too deeply for Python stays its text."""
    try:
        return json.loads(text, parse_float=Decimal)
    except RecursionError:
        if not levels:
            return text
    with connection.cursor() as cursor:
        is_array = text.startswith("[")
        cursor.execute(_ELEMENTS if is_array else _MEMBERS, [text])
        parts = {name: _loads(value, levels - 1) for name, value in cursor.fetchall()}
    return list(parts.values()) if is_array else parts


def audited_tables() -> list[str]:
    """Names of all audited tables."""
    return sorted(audited_models())


def _columns(table: str) -> list[Column]:
    columns = audited_columns().get(table)
    if columns is None:
        raise NotAudited(f"{table} is no audited table: those are {', '.join(audited_tables())}.")
    return columns


def _as_json(columns: list[Column]) -> str:
    pairs = (f"""'"{column.name}":' || {column.as_json("t")}""" for column in columns)
    return "'{' || " + " || ',' || ".join(pairs) + " || '}'"


_QUERY = """
    WITH live AS (SELECT {row} AS text FROM {table} AS t WHERE t.id = %s)
    SELECT (SELECT text FROM live) AS live, log.id, log.created_at, log.action, log.txid, log.changes::text AS changes,
           said.user_id, host(said.user_ip) AS user_ip, said.user_agent, said.session_id, said.request_id, said.service,
           said.reason, said.db_user
      FROM (SELECT) AS always
      LEFT JOIN (
            SELECT * FROM audit_log WHERE table_name = %s AND record_id = %s ORDER BY id DESC LIMIT %s
      ) AS log ON true
      LEFT JOIN audit_contexts AS said ON said.txid = log.txid AND said.number = log.context_number
     ORDER BY log.id DESC
"""

_MEMBERS = "SELECT key, value::text FROM json_each(%s)"
_ELEMENTS = "SELECT position, value::text FROM json_array_elements(%s) WITH ORDINALITY AS each (value, position)"

_GENERATED = """
    SELECT attname, pg_get_expr(adbin, adrelid) FROM pg_attribute
      JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = %s::regclass AND attgenerated = 's' ORDER BY attnum
"""
