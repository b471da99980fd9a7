"""Checks the log of changes against itself and against the rows: nothing was changed past it.

Seals prove that the log is what it was. That it is complete is another matter: who switches the triggers off leaves no
row in it. What he leaves is a row that is not what it was when its newest change was sealed (`live`), or, once it has
been changed again, an old value that is not the new one of the change before.

The log is read whole, for all tables at once, by each of the three (`live`, continuity, `contexts`): it has no index by
table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from audit.sealing.contexts import verify_contexts
from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.live import verify_live_rows
from audit.sealing.row_hashes import comparable_layouts
from audit.sealing.windows import SealedPast

#: Changes of one row that the server sends as one text.
CHANGES_AT_ONCE = 1_000


def verify_history(cursor: Any, past: SealedPast, findings: Findings) -> int:
    """Check every audited table; returns the number of its rows."""
    layouts = comparable_layouts(cursor)
    if not layouts:
        return 0
    verify_live_rows(cursor, layouts, past, findings)
    _verify_continuity(cursor, sorted(layouts), findings)
    verify_contexts(cursor, past, findings)
    cursor.execute("SELECT " + " + ".join(f"(SELECT count(*) FROM {table})" for table in layouts))
    return int(cursor.fetchone()[0])


def _verify_continuity(cursor: Any, tables: list[str], findings: Findings) -> None:
    """The old value of a change is the new one of the change before, column by column."""
    times = _times(cursor, tables)
    row: tuple[str, str] | None = None
    known: dict[str, Any] = {}
    for table, key, changes in _changes(tables):
        if (table, key) != row:
            row, known = (table, key), {}
        for change, action, columns in changes:
            # A deletion has the whole row; what is added after it begins anew.
            values = columns if action == "UPDATE" else {name: (value, None) for name, value in columns.items()}
            for name, (old, _) in values.items():
                if name in known and not _same(known[name], old, is_time=(table, name) in times):
                    findings.add(_changed_in_between(table, key, name, known[name], old, change))
            known = known | {name: new for name, (_, new) in values.items()} if action == "UPDATE" else {}


def _changed_in_between(table: str, key: str, name: str, before: Any, after: Any, change: int) -> Finding:
    before, after = (json.dumps(value, cls=DjangoJSONEncoder) for value in (before, after))
    return Finding(
        problem=Problem.HISTORY,
        table=table,
        key=key,
        sentence=f"{table} {key}: {name} was {before} after one change and {after} before the next"
        f" (audit_log {change}): it was changed in between, past the log.",
    )


def _changes(tables: list[str]) -> Iterator[tuple[str, str, list[tuple[int, str, dict[str, Any]]]]]:
    """(table, key, [(number, action, changed columns)]) of rows that were changed more than once, in their order."""
    decode = json.JSONDecoder(parse_float=Decimal).decode
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT table_name, record_id::text,
                   '[' || string_agg(concat('[', id, ',"', action, '",', changes, ']'), ',' ORDER BY id) || ']'
              FROM (SELECT table_name, record_id, id, action, changes,
                           (row_number() OVER (PARTITION BY record_id, table_name ORDER BY id) - 1)
                             / {CHANGES_AT_ONCE} AS part
                      FROM audit_log WHERE action <> 'INSERT' AND table_name = ANY (%s)) AS log
             GROUP BY record_id, table_name, part HAVING count(*) > 1 OR part > 0 ORDER BY record_id, table_name, part
            """,
            [tables],
        )
        for table, key, changes in cursor:
            yield table, key, decode(changes)


def _times(cursor: Any, tables: list[str]) -> set[tuple[str, str]]:
    """The columns whose JSON depends on the time zone of the session that wrote them."""
    cursor.execute(
        "SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
        " AND attrelid = ANY (%s::regclass[]) AND atttypid = 'timestamptz'::regtype",
        [tables],
    )
    return set(cursor.fetchall())


def _same(one: Any, other: Any, *, is_time: bool) -> bool:
    """Whether two values are one; times may differ as texts."""
    if one == other:
        return True
    try:
        return is_time and datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except (TypeError, ValueError):
        return False
