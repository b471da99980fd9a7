"""Checks the log of changes against itself and against the rows: nothing was changed past it.

Seals prove that the log is what it was. That it is complete is another matter: who switches the triggers off leaves no
row in it. What he leaves is a row that is not what its newest change says (`after_hash`), or, once it has been changed
again, an old value that is not the new one of the change before.

The log is read twice, whole, for all tables at once: it has no index by table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from audit.capture.columns import row_hash
from audit.capture.triggers import audited_models
from audit.sealing.findings import Finding, Findings, Problem

#: Kinds of rows that do not fit, as the query numbers them.
_SENTENCES = {
    "altered": "is not what the newest change of it in audit_log says",
    "missing": "is not there, and no change in audit_log says that it was deleted",
    "deleted": "is there, although audit_log says that it was deleted",
    "unlogged": "is there, but audit_log does not know where it comes from",
}
#: Changes of one row that the server sends as one text.
CHANGES_AT_ONCE = 1_000


def verify_history(cursor: Any, findings: Findings, *, complete: bool) -> int:
    """Check every audited table; returns the number of its rows. `complete`: no part of the log has been dropped yet.

    Rows that are older than the audit of their table, or whose changes have all been dropped with a month of the log,
    cannot be checked.
    """
    layouts = _layouts(cursor)
    if not layouts:
        return 0
    _verify_rows(cursor, layouts, findings, complete=complete)
    _verify_continuity(cursor, sorted(layouts), findings)
    cursor.execute("SELECT " + " + ".join(f"(SELECT count(*) FROM {table})" for table in layouts))
    return int(cursor.fetchone()[0])


def _layouts(cursor: Any) -> dict[str, dict[int, list[str]]]:
    """By table, the columns that the hashes of each layout cover, of those whose columns are all still there."""
    cursor.execute(
        "SELECT table_name, layout, columns FROM audit_layouts l"
        " WHERE table_name = ANY (%s) AND to_regclass(table_name) IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM unnest(columns) AS c WHERE c NOT IN (SELECT attname FROM pg_attribute"
        " WHERE attrelid = to_regclass(l.table_name) AND attnum > 0 AND NOT attisdropped)) ORDER BY table_name, id",
        [list(audited_models())],
    )
    found: dict[str, dict[int, list[str]]] = {}
    for table, layout, names in cursor.fetchall():
        found.setdefault(table, {})[layout] = names
    return found


def _verify_rows(cursor: Any, layouts: dict[str, dict[int, list[str]]], findings: Findings, *, complete: bool) -> None:
    """Compare each row with the newest change of it."""
    # Rows from before the audit of their table are in no change.
    cursor.execute("SELECT table_name, min(created_at) FROM audit_layouts GROUP BY 1")
    audited_since = dict(cursor.fetchall())
    live = " UNION ALL ".join(
        f"SELECT '{table}' AS table_name, t.id, t.created_at >= '{audited_since[table].isoformat()}' AS is_audited,"
        f" ARRAY[{', '.join(map(str, by_number))}] AS layouts,"
        f" ARRAY[{', '.join(row_hash(names, 't') for names in by_number.values())}] AS hashes FROM {table} t"
        for table, by_number in layouts.items()
    )
    cursor.execute(
        f"""
        SELECT table_name, id::text, newest.txid,
               CASE WHEN newest.action IS NULL THEN 'unlogged' WHEN newest.action = 'DELETE' THEN 'deleted'
                    WHEN live.layouts IS NULL THEN 'missing' ELSE 'altered' END
          FROM ({live}) AS live
          FULL JOIN (SELECT DISTINCT ON (record_id, table_name)
                            table_name, record_id AS id, action, after_hash, layout, txid
                       FROM audit_log AS log WHERE table_name = ANY (%(tables)s)
                      ORDER BY record_id, table_name, log.id DESC) AS newest
         USING (id, table_name)
         WHERE CASE WHEN newest.action IS NULL THEN %(complete)s AND live.is_audited
                    WHEN newest.action = 'DELETE' THEN live.layouts IS NOT NULL
                    WHEN live.layouts IS NULL THEN true
                    WHEN newest.layout <> ALL (live.layouts) THEN false
                    ELSE newest.after_hash IS DISTINCT FROM hashes[array_position(live.layouts, newest.layout)] END
         ORDER BY table_name, id
        """,
        {"complete": complete, "tables": list(layouts)},
    )
    for table, key, txid, kind in cursor.fetchall():
        last = f" (transaction {txid})" if txid is not None else ""
        findings.add(
            Finding(problem=Problem.LIVE, table=table, key=key, sentence=f"{table} {key}: {_SENTENCES[kind]}{last}.")
        )


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
