"""One deployer at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

from config.commands import Locked

#: The advisory lock's key: the first eight bytes of sha256("migrate"), as a signed bigint.
MIGRATE_LOCK = int.from_bytes(bytes.fromhex("3bc801a33ea83df4"), signed=True)
POLL_SECONDS = 0.1


@contextmanager
def migration_lock(alias: str = DEFAULT_DB_ALIAS, *, wait_seconds: float = 60) -> Iterator[None]:
    """Hold the lock of migrations, on a connection of its own; raise `Locked` when another run keeps it too long.

    It is tried and tried again, never waited for: a session that waits inside PostgreSQL holds a snapshot, which
    CREATE INDEX CONCURRENTLY of the run that has the lock would wait for in turn.
    """
    connections[alias].ensure_connection()  # starts the embedded server
    parameters = connections[alias].get_connection_params()
    for of_django in ("context", "cursor_factory", "prepare_threshold", "pool"):
        parameters.pop(of_django, None)
    with psycopg.connect(**parameters, autocommit=True) as holder:
        deadline = time.monotonic() + wait_seconds
        while not _try_lock(holder):
            if time.monotonic() > deadline:
                raise Locked(f"Another migration is running ({_describe_holder(holder)}): try again when it has ended.")
            time.sleep(POLL_SECONDS)
        yield


def _try_lock(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [MIGRATE_LOCK]).fetchone()
    return bool(row and row[0])


def _describe_holder(connection: psycopg.Connection) -> str:
    row = connection.execute(
        "SELECT format('process %s of %s, since %s', a.pid, coalesce(host(a.client_addr), 'this host'),"
        " to_char(a.backend_start, 'HH24:MI:SS'))"
        " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
        " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND (l.classid::bigint << 32 | l.objid::bigint) = %s",
        [MIGRATE_LOCK],
    ).fetchone()
    return str(row[0]) if row else "it has just ended"
