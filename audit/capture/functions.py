"""The bodies of the trigger functions: one INSERT per statement, over its transition tables.

Everything that is the same for all rows is a scalar subquery: it runs once, and only if there is a row to log.
"""

from audit.capture.columns import Column, hashed, layout_of, row_hash


def _insert(table: str, critical: bool, columns: list[Column], select: dict[str, str], source: str) -> str:
    values = {
        "created_at": "clock_timestamp()",
        "txid": "(SELECT pg_current_xact_id()::text::bigint)",
        "table_name": f"'{table}'",
        "layout": str(layout_of(columns)),
        "context_number": f"(SELECT audit_context('{table}', {str(critical).lower()}))",
        **select,
    }
    separator = ",\n         "
    return f"""
BEGIN
  INSERT INTO audit_log ({", ".join(values)})
  SELECT {separator.join(values.values())}
    FROM {source};
  RETURN NULL;
END
"""


def insert_body(table: str, critical: bool, columns: list[Column]) -> str:
    """The hash of each new row; the table has the row itself."""
    names = [column.name for column in hashed(columns)]
    select = {"record_id": "n.id", "action": "'INSERT'", "after_hash": row_hash(names, "n")}
    return _insert(table, critical, columns, select, "new_rows n")


def update_body(table: str, critical: bool, columns: list[Column]) -> str:
    """Changed columns as `{"column": [old, new]}`. FULL JOIN: it cannot become a nested loop in a cached plan."""
    names = [column.name for column in hashed(columns)]
    changes = "\n           || ".join(
        f"CASE WHEN {column.differs()}"
        f""" THEN ',"{column.name}":[' || {column.as_json("o")} || ',' || {column.as_json("n")} || ']' ELSE '' END"""
        for column in columns
        if column.name != "id"
    )
    differs = "\n      OR ".join(column.differs() for column in columns)
    select = {
        "record_id": f"CASE WHEN o.id = n.id THEN n.id ELSE refuse_key_change('{table}') END",
        "action": "'UPDATE'",
        "changes": "('{' || substr(" + changes + ", 2) || '}')::jsonb",
        "after_hash": row_hash(names, "n"),
    }
    return _insert(
        table, critical, columns, select, f"old_rows o FULL JOIN new_rows n ON o.id = n.id\n   WHERE {differs}"
    )


def delete_body(table: str, critical: bool, columns: list[Column]) -> str:
    """The whole row as `{"column": value}`."""
    row = "\n           || ".join(
        f"""'{"," if number else ""}"{column.name}":' || {column.as_json("o")}"""
        for number, column in enumerate(columns)
    )
    select = {"record_id": "o.id", "action": "'DELETE'", "changes": "('{' || " + row + " || '}')::jsonb"}
    return _insert(table, critical, columns, select, "old_rows o")


BODIES = {"INSERT": insert_body, "UPDATE": update_body, "DELETE": delete_body}
TRANSITION_TABLES = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
}
