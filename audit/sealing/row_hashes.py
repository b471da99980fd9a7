"""Hashes of the rows of audited tables: they tie the newest version of a row, which only its table has, to the log.

The sealer computes them, from the rows themselves, when it seals their changes: a hash is evidence only once it is
sealed, and so it costs writers nothing, and a row that was changed ten times within a minute is hashed once.
"""

from __future__ import annotations

from typing import Any

from audit.capture.columns import Column, layout_of, row_hash
from audit.capture.triggers import audited_columns
from audit.sealing.tree import WIDTH

#: By table, the columns that the hashes of a layout cover.
Layouts = dict[str, dict[int, list[str]]]


def write_row_hashes(cursor: Any, lo: int, hi: int) -> None:
    """Hash the rows whose newest change is of a transaction from `lo` on and below `hi`.

    `hi` is where the cursor's snapshot has its xmin. Rows that it shows with changes of later transactions are left to
    a later call, since those are not sealed yet. Deleted rows have no hash.
    """
    layouts = _newest_layouts(cursor)
    if not layouts:
        return
    hashed = "\n UNION ALL ".join(
        f"SELECT '{table}', {layout}, found.* FROM changed CROSS JOIN LATERAL ("
        "SELECT string_agg(uuid_send(t.id), '' ORDER BY t.id) AS keys,"
        f" string_agg({row_hash(names, 't')}, '' ORDER BY t.id) AS hashes"
        f" FROM {table} AS t WHERE t.id = ANY (changed.ids)) AS found WHERE changed.table_name = '{table}'"
        for table, (layout, names) in layouts.items()
    )
    # The rows are looked up by their keys, in portions: few are new, of a table that may have millions.
    cursor.execute(
        f"""
        WITH changed AS MATERIALIZED (
          SELECT table_name, array_agg(record_id) AS ids
            FROM (SELECT table_name, record_id,
                         (row_number() OVER (PARTITION BY table_name ORDER BY record_id) - 1) / {WIDTH} AS number
                    FROM audit_log WHERE txid >= %(lo)s AND table_name = ANY (%(tables)s)
                   GROUP BY table_name, record_id HAVING max(txid) < %(hi)s) AS records
           GROUP BY table_name, number)
        INSERT INTO audit_row_hashes (created_at, table_name, layout, hi, keys, hashes)
        SELECT clock_timestamp(), table_name, layout, %(hi)s, keys, hashes
          FROM ({hashed}) AS hashed (table_name, layout, keys, hashes) WHERE keys IS NOT NULL
        """,
        {"lo": lo, "hi": hi, "tables": list(layouts)},
    )


def each_hash(chosen: str) -> str:
    """SQL of (table_name, id, hi, proof) of each row in the chunks that are chosen; `proof` is `hi`, layout and hash.

    `chosen` follows FROM audit_row_hashes: a condition, a join. OFFSET 0 has each chunk read from its place once.
    """
    return f"""
        SELECT table_name, encode(substr(keys, 16 * n + 1, 16), 'hex')::uuid AS id, hi,
               start || substr(hashes, 32 * n + 1, 32) AS proof
          FROM (SELECT table_name, hi, int8send(hi) || int4send(layout) AS start,
                       keys || ''::bytea AS keys, hashes || ''::bytea AS hashes
                  FROM audit_row_hashes {chosen} OFFSET 0) AS chunk
         CROSS JOIN generate_series(0, octet_length(keys) / 16 - 1) AS n"""


def comparable_layouts(cursor: Any) -> Layouts:
    """Those whose columns are all still there and have the types that they had: their hashes can be computed anew."""
    columns = {table: {column.name: column for column in found} for table, found in audited_columns().items()}
    return {
        table: {layout: names for layout, names in found.items() if layout == _layout_now(columns[table], names)}
        for table, found in _present_layouts(cursor).items()
    }


def _layout_now(columns: dict[str, Column], names: list[str]) -> int:
    return layout_of(columns[name] for name in names if name in columns)


def _newest_layouts(cursor: Any) -> dict[str, tuple[int, list[str]]]:
    """The layout of each table: that of its model; as long as the program is of another version than the schema, the
    one with the most columns that are there."""
    models = {table: layout_of(columns) for table, columns in audited_columns().items()}
    newest = {}
    for table, found in _present_layouts(cursor).items():
        number = models[table] if models[table] in found else max(found, key=lambda layout: len(found[layout]))
        newest[table] = number, found[number]
    return newest


def _present_layouts(cursor: Any) -> Layouts:
    """Those whose columns are all there, newest first."""
    cursor.execute(
        "SELECT table_name, layout, columns FROM audit_layouts l"
        " WHERE table_name = ANY (%s) AND to_regclass(table_name) IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM unnest(columns) AS c WHERE c NOT IN (SELECT attname FROM pg_attribute"
        " WHERE attrelid = to_regclass(l.table_name) AND attnum > 0 AND NOT attisdropped))"
        " ORDER BY table_name, id DESC",
        [list(audited_columns())],
    )
    found: Layouts = {}
    for table, layout, names in cursor.fetchall():
        found.setdefault(table, {})[layout] = names
    return found
