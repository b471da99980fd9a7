"""What a side of the flow has left: the same rows as every other side, but for keys, times and transactions."""

from typing import Any

import psycopg
from psycopg import sql

from ops.bench.flow.unguarded import TABLES

#: Which of several clients comes first at the house's account is not the flow's business.
_ANY_ORDER = {"seq", "prev_seq", "last_seq", "head_seq", "balance_before", "balance_after"}
_FREE = {
    "account_transactions": _ANY_ORDER,
    "trades": {"execution_id"},
    # With the key of the fill.
    "journals": {"idempotency_key"},
}
#: Of JSON the keys count: numbers may be written as text.
_COLUMNS = """
    SELECT column_name, data_type FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = %s
       AND data_type NOT IN ('uuid', 'bytea', 'timestamp with time zone') AND column_name NOT IN ('id', 'txid')
     ORDER BY ordinal_position
"""


def rows(connection: psycopg.Connection) -> dict[str, tuple[Any, ...]]:
    """The number of rows and a hash of what they say, by table."""
    return {table: _rows(connection, table) for table in TABLES}


def _rows(connection: psycopg.Connection, table: str) -> tuple[Any, ...]:
    columns = [
        sql.SQL("(SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys({}) AS key)").format(sql.Identifier(name))
        if kind == "jsonb"
        else sql.Identifier(name)
        for name, kind in connection.execute(_COLUMNS, [table]).fetchall()
        if name not in _FREE.get(table, ())
    ]
    statement = sql.SQL(
        "SELECT count(*), md5(string_agg(line, E'\\n' ORDER BY line))"
        " FROM (SELECT row({})::text AS line FROM {}) AS lines"
    )
    return connection.execute(statement.format(sql.SQL(", ").join(columns), sql.Identifier(table))).fetchall()[0]
