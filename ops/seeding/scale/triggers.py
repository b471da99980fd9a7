"""A bulk load past the triggers that work row by row: their results are loaded as well. It is audited all the same."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import sql

_TRIGGERS = """
    SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger
      JOIN pg_proc ON pg_proc.oid = tgfoid
     WHERE tgrelid = ANY (%s::regclass[]) AND NOT tgisinternal AND tgenabled <> 'D'
       AND proowner <> 'trading_audit_owner'::regrole
     ORDER BY 1, 2
"""

_ENABLE = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}


@contextmanager
def triggers_off(tables: Iterable[str]) -> Iterator[None]:
    """Within the block the tables' own triggers are off; afterwards each is as it was.

    Keys and CHECKs stay, and so do the triggers that write the audit log.

    The caller owns the tables and has a transaction open: nobody else sees them without their triggers, and after an
    error they are on again with everything else that is rolled back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS, [[*tables]])
        triggers = cursor.fetchall()
        for table, trigger, _ in triggers:
            cursor.execute(_alter(table, "DISABLE", trigger))
        yield
        # A table whose deferred keys are not checked yet cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, trigger, enabled in triggers:
            cursor.execute(_alter(table, _ENABLE[enabled], trigger))


def _alter(table: str, action: str, trigger: str) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(sql.SQL(table), sql.SQL(action), sql.Identifier(trigger))
