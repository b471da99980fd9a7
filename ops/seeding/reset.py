"""Emptying the database: also of what is append-only, which nothing else can do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import ProgrammingError, connection, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from config.commands import EnvironmentFailed
from config.database.owner import connected_as_owner
from ops.seeding.lock import hold_seed_lock
from ops.seeding.tables import data_tables

# Partitions have triggers of their own: statement triggers are not inherited.
_GUARDS = """
    SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger
      JOIN pg_class ON pg_class.oid = tgrelid
     WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
       AND tgtype::int & 32 <> 0 -- TRUNCATE
       AND tgenabled <> 'D'
     ORDER BY 1, 2
"""

_ENABLE = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}


def empty_database() -> int:
    """Delete all rows of all tables but those of the schema itself; return the number of tables.

    One transaction, as the owner: either everything is gone and every guard is on again, or nothing has happened.
    Raises `Locked` while another run seeds this database, `EnvironmentFailed` without the owner's rights.
    """
    try:
        with connected_as_owner(), transaction.atomic():
            hold_seed_lock()
            emptied = data_tables()
            with _guards_off(), connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {', '.join(emptied)} RESTART IDENTITY")
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            raise EnvironmentFailed(
                "Only the owner of the tables may empty them: let MIGRATE_DATABASE_URL log in as that role."
            ) from error
        raise
    return len(emptied)


@contextmanager
def _guards_off() -> Iterator[None]:
    """Within the block the triggers against TRUNCATE are off; afterwards each is as it was."""
    with connection.cursor() as cursor:
        cursor.execute(_GUARDS)
        guards = cursor.fetchall()
        for table, trigger, _ in guards:
            cursor.execute(_alter(table, "DISABLE", trigger))
        yield
        # Not in `finally`: after an error the transaction is rolled back, and the triggers with it.
        for table, trigger, enabled in guards:
            cursor.execute(_alter(table, _ENABLE[enabled], trigger))


def _alter(table: str, action: str, trigger: str) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(sql.SQL(table), sql.SQL(action), sql.Identifier(trigger))
