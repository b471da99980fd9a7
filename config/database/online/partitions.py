"""A table that becomes a partition of another one."""

from typing import Any

from config.database.online.base import OnlineOperation, constraint_state, drop_constraint, run, validate

_IS_ATTACHED = """
    SELECT FROM pg_inherits WHERE inhrelid = to_regclass(%s) AND inhparent = to_regclass(%s)
"""
_BOUNDS = """
    SELECT conname
      FROM pg_constraint
      JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
     CROSS JOIN pg_get_constraintdef(pg_constraint.oid) AS definition
     WHERE conrelid = to_regclass(%(partition)s) AND attname = %(column)s AND contype = 'c'
       AND starts_with(definition, format('CHECK (((%%1$I IS NOT NULL) AND (%%1$I >= ', attname))
       AND definition LIKE format('%%%% AND (%%I < %%%%))', attname)
"""


class AttachPartition(OnlineOperation):
    """Attaches the table `partition` to the range-partitioned `table`, for `start` <= `column` < `end`.

    A validated CHECK with the same bounds comes first: PostgreSQL then reads no row while it holds its locks. The
    bounds are literals of SQL, such as '2024-01-01'.
    """

    def __init__(self, table: str, partition: str, *, column: str, start: str, end: str) -> None:
        self.table, self.partition = table, partition
        self.column, self.start, self.end = column, start, end

    def deconstruct(self) -> Any:
        bounds = {"column": self.column, "start": self.start, "end": self.end}
        return type(self).__name__, [self.table, self.partition], bounds

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: partitions are no part of the model."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        quote = schema_editor.quote_name
        table, partition, column = quote(self.table), quote(self.partition), quote(self.column)
        proof = f"{self.partition}_bounds_check"[-63:]
        if not self._is_attached(schema_editor):
            if constraint_state(schema_editor, self.partition, proof) is None:
                run(
                    schema_editor,
                    f"ALTER TABLE {partition} ADD CONSTRAINT {quote(proof)} CHECK ({column} IS NOT NULL"
                    f" AND {column} >= '{self.start}' AND {column} < '{self.end}') NOT VALID",
                )
            validate(schema_editor, self.partition, proof)
            run(
                schema_editor,
                f"ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES FROM ('{self.start}') TO ('{self.end}')",
            )
        drop_constraint(schema_editor, self.partition, proof)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        quote = schema_editor.quote_name
        detach = f"ALTER TABLE {quote(self.table)} DETACH PARTITION {quote(self.partition)}"
        if schema_editor.collect_sql or self._is_attached(schema_editor):
            pending = not schema_editor.collect_sql and self._is_attached(schema_editor, pending=True)
            run(schema_editor, f"{detach} {'FINALIZE' if pending else 'CONCURRENTLY'}")
        if not schema_editor.collect_sql:
            for name in self._left_by_detach(schema_editor):
                drop_constraint(schema_editor, self.partition, name)

    def _left_by_detach(self, editor: Any) -> list[str]:
        """DETACH CONCURRENTLY leaves a CHECK with the bounds, under a name that PostgreSQL chooses."""
        with editor.connection.cursor() as cursor:
            names = {"partition": editor.quote_name(self.partition), "column": self.column}
            cursor.execute(_BOUNDS, names)
            return [name for (name,) in cursor.fetchall()]

    def _is_attached(self, editor: Any, *, pending: bool = False) -> bool:
        if editor.collect_sql:
            return False
        with editor.connection.cursor() as cursor:
            query = f"{_IS_ATTACHED} AND inhdetachpending" if pending else _IS_ATTACHED
            cursor.execute(query, [editor.quote_name(self.partition), editor.quote_name(self.table)])
            return cursor.fetchone() is not None

    def describe(self) -> str:
        return f"Attach {self.partition} to {self.table}"
