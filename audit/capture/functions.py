"""The bodies of the trigger functions: one INSERT per statement, over its transition tables.

The context, which is the same for all rows, is a scalar subquery: it runs once, and only if there is a row to log.
"""

from audit.capture.columns import Column

#: PostgreSQL's functions take at most 100 arguments.
MOST_ARGUMENTS = 100


def _insert(table: str, critical: bool, columns: list[Column], select: dict[str, str], source: str) -> str:
    values = {
        "created_at": "clock_timestamp()",
        "txid": "txid_current()",
        "table_name": f"'{table}'",
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


def _listed(parts: list[str]) -> str:
    """Texts with commas between them, nulls left out: `||` would copy what it has with every part."""
    while len(parts) >= MOST_ARGUMENTS:
        size = MOST_ARGUMENTS - 1
        chunks = [parts[first : first + size] for first in range(0, len(parts), size)]
        parts = [f"nullif({_listed(chunk)}, '')" for chunk in chunks]
    return f"concat_ws(',', {(',' + chr(10) + '           ').join(parts)})"


def insert_body(table: str, critical: bool, columns: list[Column]) -> str:
    """That each new row came; the table has the row itself."""
    select = {"record_id": "n.id", "action": "'INSERT'", "changes": "'{}'"}
    return _insert(table, critical, columns, select, "new_rows n")


def update_body(table: str, critical: bool, columns: list[Column]) -> str:
    """Changed columns as `{"column": [old, new]}`; rows without one are left out.

    A statement of one row pays most for the start of all these expressions: each function and cast of a column is
    looked up and its permission checked, whether it will be called or not. So a column has few of them. FULL JOIN: it
    cannot become a nested loop in a cached plan. OFFSET 0 keeps the comparisons from being made twice.
    """
    changes = _listed(
        [
            f"CASE WHEN {column.differs()} THEN {column.change_as_json()} END"
            for column in columns
            if column.name != "id"
        ]
    )
    source = f"""(
      SELECT CASE WHEN o.id = n.id THEN n.id ELSE refuse_key_change('{table}') END AS record_id,
             {changes} AS changes
        FROM old_rows o FULL JOIN new_rows n ON o.id = n.id
      OFFSET 0) AS changed
   WHERE changes <> ''"""
    select = {"record_id": "record_id", "action": "'UPDATE'", "changes": "concat('{', changes, '}')::json"}
    return _insert(table, critical, columns, select, source)


def delete_body(table: str, critical: bool, columns: list[Column]) -> str:
    """The whole row as `{"column": value}`."""
    row = _listed([f"""'"{column.name}":' || {column.as_json("o")}""" for column in columns])
    changes = f"concat('{{', {row}, '}}')::json"
    select = {"record_id": "o.id", "action": "'DELETE'", "changes": changes}
    return _insert(table, critical, columns, select, "old_rows o")


#: Times are logged as of UTC: a client may give itself a zone of 20 hours, in which a time is written that nobody can
#: read back. Rows of many columns are many bytes: a hash of them is made in memory, or they are sorted on disk.
SETTINGS = {
    "INSERT": "",
    "UPDATE": " SET timezone = 'UTC' SET work_mem = '32MB' SET enable_mergejoin = off",
    "DELETE": " SET timezone = 'UTC'",
}
BODIES = {"INSERT": insert_body, "UPDATE": update_body, "DELETE": delete_body}
TRANSITION_TABLES = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
}
