"""Compares what rows were, as the log has it, with the hashes that were sealed then.

A value that was changed past the log and then covered by a change through it is in the newest hash as it was found. But
with the changes since then undone, the row is not what an older hash is of.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _as_text
from typing import Any

from django.db import DataError, transaction

from audit.capture.columns import row_hash
from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.row_hashes import Layouts

#: Versions of a table that the server hashes in one statement.
VERSIONS_AT_ONCE = 1_000

#: A version is the live row, or nothing where it was deleted since then, with the values of a document put into it.
_DIFFERING = """
    SELECT number
      FROM json_to_recordset(%s) AS asked (number int, id uuid, is_live boolean, document json, hash bytea)
      LEFT JOIN {table} AS live ON live.id = asked.id AND is_live
     CROSS JOIN LATERAL json_populate_record(live, document) AS t
     WHERE (live.id IS NOT NULL OR NOT is_live) AND {row_hash} <> hash
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A row as it was when `hash` was sealed; `sealed` and `newer` name that seal and what is known of it next."""

    key: str
    layout: int
    hash: bytes
    is_live: bool
    document: str
    sealed: str
    newer: str


class Versions:
    """Those that wait to be compared, by table. Of one row the newer ones are added first."""

    def __init__(self, cursor: Any, layouts: Layouts, findings: Findings) -> None:
        self._cursor = cursor
        self._layouts = layouts
        self._findings = findings
        self._documents = _columns_of_documents(cursor, list(layouts))
        self._waiting: defaultdict[str, list[Version]] = defaultdict(list)
        self._compared = 0

    def add(self, table: str, version: Version) -> None:
        """Compare it, sooner or later."""
        waiting = self._waiting[table]
        waiting.append(version)
        if len(waiting) == VERSIONS_AT_ONCE:
            self._compare(table)

    def finish(self) -> int:
        """Compare those that still wait; returns how many there were in all."""
        for table in list(self._waiting):
            self._compare(table)
        return self._compared

    def _compare(self, table: str) -> None:
        """The newest version of a row that does not fit is reported: older ones do not fit for the same reason."""
        versions = dict(enumerate(self._waiting.pop(table)))
        self._compared += len(versions)
        wrong: set[int] = set()
        for layout in {version.layout for version in versions.values()}:
            wrong |= self._differing(
                table, layout, {number: each for number, each in versions.items() if each.layout == layout}
            )
        for number in sorted(wrong):
            # A live row that is not what it was is named already, and leads to no older one.
            if not self._findings.has(Problem.LIVE, table, versions[number].key):
                self._findings.add(_changed_past_the_log(table, versions[number]))

    def _differing(self, table: str, layout: int, versions: dict[int, Version]) -> set[int]:
        """Numbers of those whose hash is another one. A version with a value that is none of its column is too."""
        asked = ",".join(
            f'{{"number":{number},"id":"{each.key}","is_live":{str(each.is_live).lower()},"document":{each.document},'
            f'"hash":"\\\\x{each.hash.hex()}"}}'
            for number, each in versions.items()
        )
        try:
            with transaction.atomic():
                self._cursor.execute(
                    _DIFFERING.format(table=table, row_hash=self._row_hash(table, layout)), [f"[{asked}]"]
                )
                return {number for (number,) in self._cursor.fetchall()}
        except DataError:
            numbers = list(versions)
            if len(numbers) == 1:
                return set(numbers)
            half = len(numbers) // 2
            parts = ({number: versions[number] for number in part} for part in (numbers[:half], numbers[half:]))
            return set().union(*(self._differing(table, layout, part) for part in parts))

    def _row_hash(self, table: str, layout: int) -> str:
        """A null of the log in a document's column that is never null is JSON's."""
        text = row_hash(self._layouts[table][layout], "t")
        for name in self._documents.get(table, ()):
            text = text.replace(f't."{name}"', f"""coalesce(t."{name}", 'null')""")
        return text


def as_document(names: Iterable[str], values: dict[str, Any]) -> str:
    """The values of those columns that have one as a JSON object."""
    return "{" + ",".join(f'"{name}":{_as_json(values[name])}' for name in names if name in values) + "}"


def _as_json(value: Any) -> str:
    """JSON with numbers to their last digit, as the log has them."""
    if isinstance(value, str):
        return _as_text(value)
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_as_text(name)}:{_as_json(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_as_json, value)) + "]"
    return json.dumps(value)


def _columns_of_documents(cursor: Any, tables: list[str]) -> dict[str, list[str]]:
    cursor.execute(
        "SELECT attrelid::regclass::text, array_agg(attname::text) FROM pg_attribute"
        " WHERE attrelid = ANY (%s::regclass[]) AND attnotnull AND atttypid = 'jsonb'::regtype GROUP BY 1",
        [tables],
    )
    return dict(cursor.fetchall())


def _changed_past_the_log(table: str, version: Version) -> Finding:
    return Finding(
        problem=Problem.HISTORY,
        table=table,
        key=version.key,
        sentence=f"{table} {version.key}: it was changed past the log between {version.sealed} and {version.newer}:"
        " its changes in the log do not lead back to what was sealed.",
    )
