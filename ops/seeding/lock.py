"""Two runs never seed, or empty, one database at a time."""

from django.db import connection

from config.commands import Locked

#: The advisory lock's key: the first eight bytes of sha256("seed"), as a signed bigint.
SEED_LOCK = int.from_bytes(bytes.fromhex("19b25856e1c150ca"), signed=True)


def hold_seed_lock() -> None:
    """Take the lock until the transaction ends; raise `Locked` when another run has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEED_LOCK])
        if not cursor.fetchone()[0]:
            raise Locked("Another seed_test_data is running on this database: try again when it has ended.")
