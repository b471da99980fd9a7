"""Checks the log of changes against itself and against the rows: nothing was changed past it.

Seals prove that the log is what it was. That it is complete is another matter: who switches the triggers off leaves no
row in it. What he leaves is a row that is not what it was when its newest change was sealed (`live`). Once it has been
changed again it is found on the way back through its changes: a new value is not the old one of the change after it,
or the row with its changes undone is not what was sealed then (`versions`).

The log is read whole, for all tables at once, by each of the three (`live`, the way back, `contexts`): it has no index
by table.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from audit.models import AuditLog
from audit.sealing.contexts import LONGEST_TRANSACTION, verify_contexts
from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.live import kept_from, verify_live_rows
from audit.sealing.row_hashes import Layouts, comparable_layouts, each_hash
from audit.sealing.rows import Advance
from audit.sealing.versions import Version, Versions, as_document
from audit.sealing.windows import SealedPast

#: Hashes and changes of one row that the server sends as one text.
EVENTS_AT_ONCE = 1_000

#: Changes that are followed before `advance` is told.
CHANGES_PER_ADVANCE = 10_000

#: A proof of `row_hashes.each_hash`: first transaction that is not in it, layout, hash.
_PROOF = struct.Struct(">qi32s")

_decode = json.JSONDecoder(parse_float=Decimal).decode

#: Of each row its hashes and then its changes, both newest first. Left out are rows with nothing to compare, and hashes
#: if their table has had other columns since then, or if changes since then may have left with a month of the log.
_EVENTS = """
    WITH layouts AS MATERIALIZED (
      SELECT table_name, layout, columns, created_at, (table_name, layout) IN
             (SELECT * FROM unnest(%(tables)s::text[], %(layouts)s::int[])) AS is_comparable FROM audit_layouts),
    unbroken AS MATERIALIZED (
      SELECT own.table_name, own.layout, greatest(max(other.created_at), %(hashes_from)s) AS since
        FROM layouts AS own LEFT JOIN layouts AS other
          ON other.table_name = own.table_name AND NOT (other.is_comparable AND other.columns @> own.columns)
       WHERE own.is_comparable GROUP BY 1, 2)
    SELECT table_name, id::text, string_agg(proof, '' ORDER BY change DESC NULLS FIRST, txid DESC),
           string_agg(concat('[', change, ',', txid, ',"', action, '",', changes, ']'), ','
                      ORDER BY change DESC NULLS FIRST, txid DESC) FILTER (WHERE change IS NOT NULL)
      FROM (SELECT *, count(change) OVER of_row AS count, max(txid) FILTER (WHERE proof IS NULL) OVER of_row AS newest,
                   min(txid) FILTER (WHERE change IS NULL) OVER of_row AS oldest_hash,
                   (row_number() OVER (of_row ORDER BY change DESC NULLS FIRST, txid DESC) - 1) / {at_once} AS part
              FROM (SELECT table_name, record_id AS id, id AS change, txid, action, changes, NULL::bytea AS proof
                      FROM audit_log
                     WHERE action <> 'INSERT' AND table_name = ANY (%(tables)s) AND created_at >= %(kept_from)s
                     UNION ALL
                    SELECT table_name, id, NULL, hi, NULL, NULL, proof FROM ({hashes}) AS hash) AS event
            WINDOW of_row AS (PARTITION BY id, table_name)) AS numbered
     WHERE count > 1 OR oldest_hash <= newest
     GROUP BY numbered.id, table_name, part ORDER BY numbered.id, table_name, part
"""


#: Told what begins now, and how many of it there are; None where that is not known.
Begin = Callable[[str, int | None], object]


def verify_history(
    cursor: Any, past: SealedPast, findings: Findings, begin: Begin, advance: Advance
) -> tuple[int, int]:
    """Check every audited table; returns how many rows, and how many older versions of rows, were compared.

    `advance` is told of changes that were followed back.
    """
    layouts = comparable_layouts(cursor)
    if not layouts:
        return 0, 0
    begin("Comparing rows with the log", None)
    verify_live_rows(cursor, layouts, past, findings)
    begin("Following changes back", None)
    versions = _verify_changes(cursor, layouts, past, findings, advance)
    verify_contexts(cursor, past, findings)
    cursor.execute("SELECT " + " + ".join(f"(SELECT count(*) FROM {table})" for table in layouts))
    return int(cursor.fetchone()[0]), versions


def _verify_changes(cursor: Any, layouts: Layouts, past: SealedPast, findings: Findings, advance: Advance) -> int:
    """Follow each row back through its changes: every new value is the next change's old one, and every hash fits.

    Returns how many versions were compared with a hash.
    """
    log = AuditLog._meta.db_table
    windows = [window for windows in past.windows.get(log, {}).values() for window in windows]
    guide = _Guide(
        layouts=layouts,
        times=_times(cursor, sorted(layouts)),
        seals={window.hi: window.seal for window in windows},
        since=min((window.lo for window in windows if window.recent), default=past.ends.get(log, 0)),
        versions=Versions(cursor, layouts, findings),
        findings=findings,
    )
    way: _WayBack | None = None
    followed = 0
    for table, key, proofs, changes in _events(layouts, past):
        if way is None or (table, key) != (way.table, way.key):
            if way:
                way.end()
            way = _WayBack(table, key, guide)
        if proofs:
            way.hashes += _PROOF.iter_unpack(proofs)
        followed += way.follow(changes or "")
        if followed >= CHANGES_PER_ADVANCE:
            advance(followed)
            followed = 0
    if way:
        way.end()
    advance(followed)
    return guide.versions.finish()


@dataclass(frozen=True, kw_only=True)
class _Guide:
    """What the way back of every row needs. Of hashes up to the transaction `since` only a row's newest is compared."""

    layouts: Layouts
    times: set[tuple[str, str]]
    seals: dict[int, int]
    since: int
    versions: Versions
    findings: Findings


@dataclass(slots=True)
class _WayBack:
    """A row on its way back through its changes."""

    table: str
    key: str
    guide: _Guide
    hashes: list[tuple[int, int, bytes]] = field(default_factory=list)
    #: Of each column whose changes were undone its value, and the last change that was undone.
    values: dict[str, Any] = field(default_factory=dict)
    undone: dict[str, int] = field(default_factory=dict)
    is_live: bool = True
    is_changed: bool = False
    newer: str = "now"
    passed: int = 0

    def follow(self, text: str) -> int:
        """Undo the changes that stand in the text, newest first; returns how many there are."""
        try:
            changes = _decode(f"[{text}]")
            for change, transaction, action, columns in changes:
                self._compare_after(transaction)
                self._undo(change, action, columns)
        except RecursionError:
            self._report("a value is nested too deeply to be followed")
            return 0
        return len(changes)

    def end(self) -> None:
        """Compare the hashes that are older than all changes."""
        try:
            self._compare_after(-1)
        except RecursionError:
            self._report("a value is nested too deeply to be compared")

    def _undo(self, change: int, action: str, columns: dict[str, Any]) -> None:
        """Take a change back: the row is then what it was before it."""
        self.is_changed = True
        try:
            if action == "DELETE":
                # What was added after it began anew.
                self.is_live, self.newer = False, f"its deletion (audit_log {change})"
                self.values, self.undone = dict(columns), dict.fromkeys(columns, change)
                return
            for name, (old, new) in columns.items():
                known = self.values.get(name, new)
                if known != new and not self._is_same_time(name, known, new):
                    before, after = (json.dumps(value, cls=DjangoJSONEncoder) for value in (new, known))
                    self._report(
                        f"{name} was {before} after one change and {after} before the next"
                        f" (audit_log {self.undone[name]}): it was changed in between, past the log"
                    )
                self.values[name], self.undone[name] = old, change
        except (AttributeError, TypeError, ValueError):
            # An altered row of the log must not end the verification.
            self._report(f"its change (audit_log {change}) is none that a trigger has written")

    def _compare_after(self, transaction: int) -> None:
        """Compare the hashes of the row as it is now: they have the changes of this transaction, and none undone."""
        while self.passed < len(self.hashes) and self.hashes[self.passed][0] > transaction:
            hi, layout, proof = self.hashes[self.passed]
            self.passed += 1 if hi > self.guide.since else len(self.hashes)
            sealed = f"seal {self.guide.seals[hi]}" if hi in self.guide.seals else f"the seal before transaction {hi}"
            # One without a change after it is that of the live row.
            if self.is_changed:
                document = as_document(self.guide.layouts[self.table][layout], self.values)
                version = Version(self.key, layout, proof, self.is_live, document, sealed, self.newer)
                self.guide.versions.add(self.table, version)
            self.newer = sealed

    def _report(self, what: str) -> None:
        self.guide.findings.add(
            Finding(
                problem=Problem.HISTORY,
                table=self.table,
                key=self.key,
                sentence=f"{self.table} {self.key}: {what}.",
            )
        )

    def _is_same_time(self, name: str, one: Any, other: Any) -> bool:
        """Whether the values are one time, written in two zones."""
        try:
            return (self.table, name) in self.guide.times and (
                datetime.fromisoformat(one) == datetime.fromisoformat(other)
            )
        except (TypeError, ValueError):
            return False


def _events(layouts: Layouts, past: SealedPast) -> Iterator[tuple[str, str, bytes | None, str | None]]:
    """(table, key, hashes, changes): a row after the other, each in parts."""
    known = [(table, layout) for table, found in layouts.items() for layout in found]
    log_from = kept_from(past, AuditLog._meta.db_table)
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            _EVENTS.format(
                at_once=EVENTS_AT_ONCE,
                hashes=each_hash("JOIN unbroken USING (table_name, layout) WHERE created_at >= since"),
            ),
            {
                "tables": [table for table, _ in known],
                "layouts": [layout for _, layout in known],
                "kept_from": log_from,
                "hashes_from": log_from if isinstance(log_from, str) else log_from + LONGEST_TRANSACTION,
            },
        )
        yield from cursor


def _times(cursor: Any, tables: list[str]) -> set[tuple[str, str]]:
    """The columns whose JSON depends on the time zone of the session that wrote them."""
    cursor.execute(
        "SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
        " AND attrelid = ANY (%s::regclass[]) AND atttypid = 'timestamptz'::regtype",
        [tables],
    )
    return set(cursor.fetchall())
