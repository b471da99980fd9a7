"""Values for the rows of a large table, batch by batch."""

import time
from collections.abc import Iterator
from typing import Any

from django.db import models

from config.database.online.base import OnlineOperation, run

#: How long one batch may take, and so how long a row is locked (seconds); as many rows as fit.
BATCH_SECONDS = 0.05
_SMALLEST, _FIRST, _LARGEST = 50, 500, 20_000
#: The pause after a batch, as a share of its duration: others get their turn at disk and processor.
_REST = 0.5


class Backfill(OnlineOperation):
    """`UPDATE … SET <assignments> WHERE <condition>` over the whole table, in the order of its key.

    Each batch is a statement, and a transaction, of its own. The condition must not hold for a row that is done: so an
    interrupted run goes on where it was. Rows that others have locked are left out and come at the end, as do those
    that were written meanwhile without the value. Going back leaves the values, unless `undo` gives the assignments for
    that.
    """

    def __init__(self, model_name: str, *, assignments: str, condition: str, undo: str = "") -> None:
        self.model_name, self.assignments, self.condition, self.undo = model_name, assignments, condition, undo

    def deconstruct(self) -> Any:
        options = {"assignments": self.assignments, "condition": self.condition}
        return type(self).__name__, [self.model_name], {**options, **({"undo": self.undo} if self.undo else {})}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: the data changes, not the model."""

    def forwards(self, editor: Any, model: type[models.Model]) -> None:
        self._update(editor, model, self.assignments, self.condition)

    def backwards(self, editor: Any, model: type[models.Model]) -> None:
        if self.undo:
            self._update(editor, model, self.undo, f"NOT ({self.condition})")

    def _update(self, editor: Any, model: type[models.Model], assignments: str, condition: str) -> None:
        table = editor.quote_name(model._meta.db_table)
        key = editor.quote_name(model._meta.pk.column)
        if editor.collect_sql:
            run(editor, f"UPDATE {table} SET {assignments} WHERE {condition} -- in batches of {key}")
            return
        table, key = _escaped(table), _escaped(key)
        change, condition = f"UPDATE {table} SET {_escaped(assignments)}", f"({_escaped(condition)})"
        with editor.connection.cursor() as cursor:
            for bounds, values in _batches(cursor, table, key):
                where = " AND ".join([*bounds, condition])
                free = f"SELECT ctid FROM {table} WHERE {where} FOR NO KEY UPDATE SKIP LOCKED"
                # A row's place finds it in a third of the time that its key takes; two partitions may share one.
                cursor.execute(f"{change} WHERE ctid = ANY (ARRAY({free})) AND {where}", values * 2)
            cursor.execute(f"SELECT {key} FROM {table} WHERE {condition}", [])
            left = [key for (key,) in cursor.fetchall()]
            for first in range(0, len(left), _SMALLEST):
                keys = left[first : first + _SMALLEST]
                cursor.execute(f"{change} WHERE {key} = ANY (%s) AND {condition}", [keys])

    def describe(self) -> str:
        return f"Fill {self.model_name} in batches: {self.assignments}"


def _batches(cursor: Any, table: str, key: str) -> Iterator[tuple[list[str], list[Any]]]:
    """Conditions with their values that cut the table into batches, each as large as the last one's time says."""
    last: list[Any] = []
    size = _FIRST
    while True:
        after = [f"{key} > %s"] * len(last)
        where = f"WHERE {after[0]}" if after else ""
        cursor.execute(f"SELECT {key} FROM {table} {where} ORDER BY {key} OFFSET %s LIMIT 1", [*last, size - 1])
        row = cursor.fetchone()
        # Without a last row the batch is what is left, at most `size` rows.
        began = time.monotonic()
        yield [*after, *[f"{key} <= %s"] * (row is not None)], [*last, *(row or ())]
        elapsed = time.monotonic() - began
        if row is None:
            return
        last = [row[0]]
        size = _next_size(size, elapsed)
        time.sleep(elapsed * _REST)


def _escaped(sql: str) -> str:
    """Without placeholders: a percent sign is a percent sign."""
    return sql.replace("%", "%%")


def _next_size(size: int, elapsed: float) -> int:
    """So many rows as take BATCH_SECONDS, growing to at most the double at once."""
    wanted = int(size * BATCH_SECONDS / max(elapsed, 0.001))
    return max(_SMALLEST, min(wanted, size * 2, _LARGEST))
