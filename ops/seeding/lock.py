"""Two runs never seed, or empty, one database at a time."""

from django.db import connection

from config.commands import Locked
from config.database.locks import lock_key

#: The advisory lock's key.
SEED_LOCK = lock_key("seed")


def hold_seed_lock() -> None:
    """Take the lock until the transaction ends; raise `Locked` when another run has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEED_LOCK])
        if not cursor.fetchone()[0]:
            raise Locked("Another seed_test_data is running on this database: try again when it has ended.")
