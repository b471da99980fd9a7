"""Checks the log of changes against itself and against the rows: nothing was changed past it.

Seals prove that the log is what it was. That it is complete is another matter: who switches the triggers off leaves no
row in it. What he leaves is a row that is not what its newest change says (`after_hash`), or, once it has been changed
again, an old value that is not the new one of the change before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def verify_history(
    cursor: Any, findings: Findings, *, complete: bool, done: Callable[[str], object] = lambda table: None
) -> int:
    """Check every audited table; returns the number of its rows. `complete`: no part of the log has been dropped yet.

    Rows that are older than the audit of their table, or whose changes have all been dropped with a month of the log,
    cannot be checked.
    """
    checked = 0
    for table in sorted(audited_models()):
        layouts = _layouts(cursor, table)
        if layouts:
            checked += _verify_rows(cursor, table, layouts, findings, complete=complete)
            _verify_continuity(cursor, table, findings)
        done(table)
    return checked


def _layouts(cursor: Any, table: str) -> dict[int, list[str]]:
    """The columns that the hashes of each layout cover, of those layouts whose columns are all still there."""
    cursor.execute(
        "SELECT layout, columns FROM audit_layouts l WHERE table_name = %s AND to_regclass(table_name) IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM unnest(columns) AS c WHERE c NOT IN (SELECT attname FROM pg_attribute"
        " WHERE attrelid = to_regclass(l.table_name) AND attnum > 0 AND NOT attisdropped))",
        [table],
    )
    return dict(cursor.fetchall())


def _verify_rows(cursor: Any, table: str, layouts: dict[int, list[str]], findings: Findings, *, complete: bool) -> int:
    """Compare each row with the newest change of it."""
    hashes = " ".join(f"WHEN {layout:d} THEN {row_hash(names, 't')}" for layout, names in layouts.items())
    # Rows from before the audit of the table are in no change.
    cursor.execute("SELECT min(created_at) FROM audit_layouts WHERE table_name = %s", [table])
    (audited_since,) = cursor.fetchone()
    cursor.execute(
        f"""
        SELECT coalesce(t.id, newest.record_id)::text, newest.txid,
               CASE WHEN newest.record_id IS NULL THEN 'unlogged' WHEN newest.action = 'DELETE' THEN 'deleted'
                    WHEN t.id IS NULL THEN 'missing' ELSE 'altered' END
          FROM {table} t
          FULL JOIN (SELECT DISTINCT ON (record_id) record_id, action, after_hash, layout, txid
                       FROM audit_log WHERE table_name = %(table)s ORDER BY record_id, id DESC) AS newest
            ON newest.record_id = t.id
         WHERE CASE WHEN newest.record_id IS NULL THEN %(complete)s AND t.created_at >= %(since)s
                    WHEN newest.action = 'DELETE' THEN t.id IS NOT NULL
                    WHEN t.id IS NULL THEN true
                    WHEN newest.layout NOT IN ({", ".join(map(str, layouts))}) THEN false
                    ELSE newest.after_hash IS DISTINCT FROM CASE newest.layout {hashes} END END
        """,
        {"table": table, "complete": complete, "since": audited_since},
    )
    for key, txid, kind in cursor.fetchall():
        last = f" (transaction {txid})" if txid is not None else ""
        findings.add(
            Finding(problem=Problem.LIVE, table=table, key=key, sentence=f"{table} {key}: {_SENTENCES[kind]}{last}.")
        )
    cursor.execute(f"SELECT count(*) FROM {table}")
    return int(cursor.fetchone()[0])


def _verify_continuity(cursor: Any, table: str, findings: Findings) -> None:
    """The old value of a change is the new one of the change before, column by column."""
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND atttypid IN ('timestamptz'::regtype)",
        [table],
    )
    times = [name for (name,) in cursor.fetchall()]
    cursor.execute(
        """
        SELECT record_id::text, id, name, before, old FROM (
          SELECT record_id, id, name, old, lag(new) OVER (PARTITION BY record_id, life, name ORDER BY id) AS before
            FROM (SELECT record_id, log.id, life, each.key AS name,
                         CASE WHEN each.key = ANY (%(times)s) THEN to_jsonb((each.value ->> 0)::timestamptz)
                              ELSE each.value -> 0 END AS old,
                         CASE WHEN each.key = ANY (%(times)s) THEN to_jsonb((each.value ->> 1)::timestamptz)
                              ELSE each.value -> 1 END AS new
                    FROM (SELECT record_id, id, action, changes,
                                 count(*) FILTER (WHERE action = 'DELETE')
                                   OVER (PARTITION BY record_id ORDER BY id) AS life
                            FROM audit_log WHERE table_name = %(table)s) AS log
                   CROSS JOIN LATERAL jsonb_each(changes::jsonb) AS each
                   WHERE action = 'UPDATE' AND jsonb_typeof(each.value) = 'array') AS changed) AS followed
         WHERE before IS NOT NULL AND old IS DISTINCT FROM before
         ORDER BY id
        """,
        {"table": table, "times": times},
    )
    for key, change, name, before, old in cursor.fetchall():
        findings.add(
            Finding(
                problem=Problem.HISTORY,
                table=table,
                key=key,
                sentence=f"{table} {key}: {name} was {before} after one change and {old} before the next (audit_log"
                f" {change}): it was changed in between, past the log.",
            )
        )
