"""Which tables are sealed, and how one of their rows becomes a hash.

Every table with a `TransactionField` is: the append-only ones. Nothing is declared twice: columns come from the
catalog, the interval of a partitioned table from its app's `partitions.py`. A model whose key is not `id` names it as
`sealed_key`; its `unsealed_columns` are those that are written later than the row.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import MAXYEAR, date
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from audit.models import AuditRowHashes, AuditSeal, AuditSealChunk
from audit.sealing.tree import NODE_MARK, PREFIX_BYTES, WIDTH
from config.database.fields import TransactionField
from config.database.partitions import Interval

#: How a column of a key becomes the bytes that a chunk keeps: function, and how many bytes.
KEY_BYTES = {"bigint": ("int8send", 8), "uuid": ("uuid_send", 16), "smallint": ("int2send", 2)}
#: A table's name, and a type's as format_type() writes it.
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_TYPE = re.compile(r"[a-z][a-z0-9_ ]*(\(\d+(,\d+)?\))?[a-z ]*(\[\])?")


@dataclass(frozen=True)
class SealedTable:
    """A table whose rows are sealed; a partitioned one has the column `time` by which it is cut, and its interval."""

    name: str
    time: str
    interval: str
    key: tuple[str, ...]
    unsealed: frozenset[str]

    def layout(self, cursor: Any) -> Layout:
        """The layout that new seals have: the table's columns as they are now."""
        cursor.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [self.name],
        )
        columns = tuple((name, kind) for name, kind in cursor.fetchall() if name not in self.unsealed)
        return Layout(self.name, columns, self.key, self.time, self.interval)


@dataclass(frozen=True)
class Layout:
    """What a table's seals cover from some seal on: these columns, with these types, in this order."""

    table: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    time: str
    interval: str

    @property
    def key_size(self) -> int:
        """How many bytes a key has in a chunk."""
        return sum(size for _, size in self._key_bytes())

    def key_bytes_sql(self) -> str:
        """The key of a row `t` as those bytes."""
        return " || ".join(
            f"{function}(t.{_quoted(name)})" for name, (function, _) in zip(self.key, self._key_bytes(), strict=True)
        )

    def key_text_sql(self) -> str:
        """The key of a row `t` as people write it, as `readable` does."""
        return f"concat_ws('/', {', '.join(f't.{_quoted(name)}' for name in self.key)})"

    def readable(self, key: bytes) -> str:
        """A key's bytes as people write it."""
        parts = []
        for _, size in self._key_bytes():
            part, key = key[:size], key[size:]
            parts.append(str(UUID(bytes=part)) if size == 16 else str(int.from_bytes(part, signed=True)))
        return "/".join(parts)

    def _key_bytes(self) -> list[tuple[str, int]]:
        types = dict(self.columns)
        return [KEY_BYTES[types[name]] for name in self.key]

    def as_json(self) -> str:
        """The text that a seal of kind `layout` has."""
        return json.dumps(
            {
                "columns": [list(column) for column in self.columns],
                "key": list(self.key),
                "time": self.time,
                "interval": self.interval,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, table: str, text: str) -> Layout:
        """The layout that such a seal states.

        Raises ValueError if it states none: whoever has altered it may have written anything, and it becomes SQL.
        """
        try:
            data = json.loads(text)
            columns = tuple((str(name), str(kind)) for name, kind in data["columns"])
            layout = cls(table, columns, tuple(map(str, data["key"])), str(data["time"]), str(data["interval"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"no layout of {table}") from error
        kinds = dict(columns)
        is_one = (
            _NAME.fullmatch(table)
            and all(map(_TYPE.fullmatch, kinds.values()))
            and layout.key
            and all(kinds.get(name) in KEY_BYTES for name in layout.key)
            and (layout.time in kinds and layout.interval in set(Interval) if layout.time else not layout.interval)
        )
        if not is_one:
            raise ValueError(f"no layout of {table}")
        return layout

    def has_period(self, period: str) -> bool:
        """Whether it is one of the table's: a day of before the end of time, or none where nothing is cut."""
        try:
            return date.fromisoformat(period).year < MAXYEAR if period and self.time else not period
        except ValueError:
            return False

    def leaf_sql(self) -> str:
        """The SHA-256 of a row `t` in PostgreSQL's binary form.

        That form (`record_send`) is the one of the wire protocol: the number of columns, then of each its type, length
        and value. It hangs on no setting of the session, has one reading only, and costs half of the textual one.
        """
        columns = ", ".join(f"t.{_quoted(name)}::{kind}" for name, kind in self.columns)
        return f"sha256(record_send(ROW({columns})))"

    def period_sql(self) -> str:
        """The first day of the row's period, as text; empty for a table that is not partitioned."""
        if not self.time:
            return "''"
        return f"to_char(date_trunc('{self.interval}', t.{_quoted(self.time)}, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD')"

    def in_period_sql(self, period: str) -> str:
        """The condition that a row is in a period: on the column itself, so that other partitions are not read."""
        if not self.time:
            return "true"
        column, start = f"t.{_quoted(self.time)}", f"'{_date(period)}'::timestamp"
        return (
            f"{column} >= {start} AT TIME ZONE 'UTC'"
            f" AND {column} < ({start} + interval '1 {self.interval}') AT TIME ZONE 'UTC'"
        )

    def chunks_sql(self, *, bucket: str, condition: str, lists: bool = False) -> str:
        """(bucket, number, row_count, node) of the rows under the condition, in order.

        With `lists` also their keys and the prefixes of their hashes. `bucket` is an expression of the row's `t.txid`
        that tells the seals apart.
        """
        order = "ORDER BY txid, key"
        mark = f"'\\x{NODE_MARK.hex()}'::bytea"
        of_rows = f""",
                   string_agg(key_bytes, ''::bytea {order}) AS keys,
                   string_agg(substr(leaf, 1, {PREFIX_BYTES}), ''::bytea {order}) AS prefixes"""
        # OFFSET 0 has the rows hashed before they are sorted: a hash is a fraction of a row.
        return f"""
            SELECT bucket, number, count(*) AS row_count,
                   sha256({mark} || string_agg(leaf, ''::bytea {order})) AS node {of_rows if lists else ""}
              FROM (SELECT bucket, txid, key, key_bytes, leaf,
                           (row_number() OVER (PARTITION BY bucket {order}) - 1) / {WIDTH} AS number
                      FROM (SELECT {bucket} AS bucket, t.txid, t.{_quoted(self.key[-1])} AS key,
                                   {self.key_bytes_sql() if lists else "NULL"} AS key_bytes, {self.leaf_sql()} AS leaf
                              FROM {self.table} t WHERE {condition} OFFSET 0) AS hashed) AS numbered
             GROUP BY bucket, number ORDER BY bucket, number
        """


def sealed_tables() -> list[SealedTable]:
    """All of them, by name; last the hashes of rows, which are written when the log is sealed."""
    intervals = {each.table: each.interval.value for each in _partitionings()}
    tables = []
    for model in apps.get_models():
        if not _has_transaction(model) or model in (AuditSeal, AuditSealChunk):
            continue
        name = model._meta.db_table
        partitioned = getattr(model, "_partitioning_meta", None)
        tables.append(
            SealedTable(
                name=name,
                time=partitioned.key[0] if partitioned else "",
                interval=intervals[name] if partitioned else "",
                key=getattr(model, "sealed_key", ("id",)),
                unsealed=getattr(model, "unsealed_columns", frozenset()),
            )
        )
    return sorted(tables, key=lambda table: (table.name == AuditRowHashes._meta.db_table, table.name))


def _has_transaction(model: type[models.Model]) -> bool:
    fields = model._meta.concrete_fields
    return hasattr(model, "sealed_key") or any(isinstance(field, TransactionField) for field in fields)


def _partitionings() -> list[Any]:
    """What every app of the domain declares."""
    return [
        each
        for app in apps.get_app_configs()
        if "." not in app.name and find_spec(f"{app.name}.partitions")
        for each in import_module(f"{app.name}.partitions").PARTITIONED
    ]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _date(period: str) -> str:
    """The period as a date that is safe to stand in SQL."""
    return date.fromisoformat(period).isoformat()
