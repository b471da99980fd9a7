"""Indexes that are made and removed while others write, whatever an interrupted attempt has left."""

import time
from typing import Any

from django.db import models

_POLL_SECONDS = 0.1

_STATE = """
    SELECT indisvalid, indrelid = to_regclass(%(table)s) FROM pg_index WHERE indexrelid = to_regclass(%(index)s)
"""
#: A client that was killed leaves its server process to finish the index.
_BEING_MADE = """
    SELECT FROM pg_stat_progress_create_index WHERE relid = to_regclass(%(table)s) AND pid <> pg_backend_pid()
"""


def add_index_online(editor: Any, model: type[models.Model], index: models.Index) -> None:
    """CREATE INDEX CONCURRENTLY; one that is there stays, one that was left half-made is made anew."""
    if not editor.collect_sql:
        valid = index_state(editor, model._meta.db_table, index.name)
        if valid:
            return
        if valid is False:
            editor.remove_index(model, index, concurrently=True)
    editor.add_index(model, index, concurrently=True)


def remove_index_online(editor: Any, model: type[models.Model], index: models.Index) -> None:
    """DROP INDEX CONCURRENTLY, unless it is gone."""
    if editor.collect_sql or index_state(editor, model._meta.db_table, index.name) is not None:
        editor.remove_index(model, index, concurrently=True)


def index_state(editor: Any, table: str, index: str) -> bool | None:
    """Whether the index is valid, None if there is none; waits while another session makes one on this table.

    Raises `ValueError` where another table has an index of that name.
    """
    quoted = {"table": editor.quote_name(table), "index": editor.quote_name(index)}
    with editor.connection.cursor() as cursor:
        while True:
            cursor.execute(_BEING_MADE, quoted)
            if cursor.fetchone() is None:
                break
            time.sleep(_POLL_SECONDS)
        cursor.execute(_STATE, quoted)
        row = cursor.fetchone()
    if row is None:
        return None
    valid, of_this_table = row
    if not of_this_table:
        raise ValueError(f"{index} is an index of another table than {table}: give the new one another name.")
    return bool(valid)
