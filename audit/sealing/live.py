"""Compares each row of the audited tables with its newest change in the log, and with the hash that was sealed with it.

All tables at once: the log has no index by table.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from audit.capture.columns import row_hash
from audit.models import AuditLog, AuditRowHashes
from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.row_hashes import Layouts, each_hash
from audit.sealing.windows import SealedPast
from config.database.partitions import Interval

#: Kinds of rows that do not fit, as the query names them.
_SENTENCES = {
    "altered": "is not what it was when its newest change was sealed",
    "missing": "is not there, and no change in audit_log says that it was deleted",
    "deleted": "is there, although audit_log says that it was deleted",
    "unlogged": "is there, but audit_log does not know where it comes from",
    "unproven": "has no hash in audit_row_hashes, although its newest change was sealed",
}

#: The newest `proof` of a row is the greatest: it begins with `hi`. Hashes older than one of their months that
#: was dropped are not read, although a legal hold may have kept them: a row's newest one may be gone.
_QUERY = """
    WITH live AS ({live}),
    known AS (
      SELECT table_name, id, max(change) AS change, max(deletion) AS deletion, max(txid) AS txid,
             max(changed_at) AS changed_at, max(hi) AS hi, (max(proof))[1] AS proof
        FROM (SELECT table_name, record_id AS id, id AS change, CASE WHEN action = 'DELETE' THEN id END AS deletion,
                     txid, created_at AS changed_at, NULL::bigint AS hi, NULL::bytea[] AS proof
                FROM audit_log WHERE table_name = ANY (%(tables)s)
               UNION ALL
              SELECT table_name, id, NULL, NULL, NULL, NULL, hi, ARRAY[proof] FROM ({hashes}) AS hash) AS said
       GROUP BY id, table_name)
    SELECT table_name, id::text, txid, kind
      FROM (SELECT table_name, id, txid,
                   CASE WHEN live.hashes IS NULL
                        THEN CASE WHEN change IS DISTINCT FROM deletion OR change IS NULL AND %(complete)s
                                  THEN 'missing' END
                        WHEN change = deletion THEN 'deleted'
                        WHEN change IS NULL AND %(complete)s THEN CASE WHEN is_audited THEN 'unlogged' END
                        WHEN txid >= %(sealed_until)s THEN NULL
                        WHEN hi IS NULL OR hi <= txid
                        THEN CASE WHEN changed_at >= %(kept_from)s THEN 'unproven' END
                        WHEN substr(proof, 9, 4) = ANY (live.layouts) AND substr(proof, 9) <> ALL (live.hashes)
                        THEN 'altered' END AS kind
              FROM live FULL JOIN known USING (id, table_name)) AS compared
     WHERE kind IS NOT NULL ORDER BY table_name, id
"""


def verify_live_rows(cursor: Any, layouts: Layouts, past: SealedPast, findings: Findings) -> None:
    """Report the rows that are not what log and hashes say. Those with a change that is not sealed yet are only looked
    for in the log.

    Rows that are older than the audit of their table, or whose changes and hashes have all been dropped, cannot be
    checked.
    """
    log, hashes = AuditLog._meta.db_table, AuditRowHashes._meta.db_table
    cursor.execute("SELECT table_name, min(created_at) FROM audit_layouts GROUP BY 1")
    audited_since = dict(cursor.fetchall())
    live = " UNION ALL ".join(_live_rows(table, audited_since[table], found) for table, found in layouts.items())
    cursor.execute(
        _QUERY.format(
            live=live, hashes=each_hash("WHERE table_name = ANY (%(tables)s) AND created_at >= %(kept_from)s")
        ),
        {
            "tables": list(layouts),
            "complete": log not in {table for table, _ in past.dropped},
            "sealed_until": past.ends.get(log, 0),
            "kept_from": kept_from(past, hashes),
        },
    )
    for table, key, txid, kind in cursor.fetchall():
        last = f" (transaction {txid})" if txid is not None else ""
        findings.add(
            Finding(problem=Problem.LIVE, table=table, key=key, sentence=f"{table} {key}: {_SENTENCES[kind]}{last}.")
        )


def _live_rows(table: str, audited_since: datetime, layouts: dict[int, list[str]]) -> str:
    """SQL of a table's rows, each with its hash by every layout."""
    numbers = ", ".join(f"int4send({layout})" for layout in layouts)
    hashes = ", ".join(f"int4send({layout}) || {row_hash(names, 't')}" for layout, names in layouts.items())
    return (
        f"SELECT '{table}' AS table_name, t.id, t.created_at >= '{audited_since.isoformat()}' AS is_audited,"
        f" ARRAY[{numbers}]::bytea[] AS layouts, ARRAY[{hashes}]::bytea[] AS hashes FROM {table} AS t"
    )


def kept_from(past: SealedPast, table: str) -> datetime | str:
    """The end of the newest period of a table that was dropped: all its rows since then are there."""
    periods = [period for name, period in past.dropped if name == table]
    if not periods:
        return "-infinity"
    start = datetime.fromisoformat(max(periods)).replace(tzinfo=UTC)
    return Interval(past.layouts[table].interval).shift(start, 1)
