"""One run at a time of what must not run twice: advisory locks that are tried, never waited for inside PostgreSQL."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

from config.commands import Failed, Locked

POLL_SECONDS = 0.1


def lock_key(name: str) -> int:
    """The key of the lock `name`: the first eight bytes of its SHA-256, as the signed bigint that PostgreSQL takes."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


@contextmanager
def exclusive(
    name: str, *, what: str, alias: str = DEFAULT_DB_ALIAS, wait_seconds: float = 0
) -> Iterator[psycopg.Connection]:
    """Hold the lock `name` of the database on a connection of its own, and give that connection.

    Raises `Locked`, naming the holder, when another run keeps it for longer than `wait_seconds`; `what` begins that
    sentence ("Another migration"). The lock ends with the block or with the process, however that ends.

    Every login may take every advisory lock. One that could not run the command, as the application's, keeps it from
    running on purpose: that raises `Failed`, which monitors report, where another run's turn is nothing to report.

    It is tried and tried again: a session that waits inside PostgreSQL holds a snapshot, which CREATE INDEX
    CONCURRENTLY of the run that has the lock would wait for in turn.
    """
    connections[alias].ensure_connection()  # starts the embedded server
    with psycopg.connect(**connection_parameters(alias), autocommit=True) as holder:
        deadline = time.monotonic() + wait_seconds
        while not try_lock(holder, name):
            if time.monotonic() > deadline:
                who, is_ours = _describe_holder(holder, name)
                if not is_ours:
                    raise Failed(
                        f"Nothing is running, but {who} keeps the lock of what should: end that session, and find out"
                        " who uses its login."
                    )
                raise Locked(f"{what} is running ({who}): try again when it has ended.")
            time.sleep(POLL_SECONDS)
        try:
            yield holder
        finally:
            unlock(holder, name)


def connection_parameters(alias: str) -> dict[str, Any]:
    """What psycopg connects with to be another session of the same login."""
    parameters = dict(connections[alias].get_connection_params())
    for of_django in ("context", "cursor_factory", "prepare_threshold", "pool"):
        parameters.pop(of_django, None)
    return parameters


def try_lock(session: psycopg.Connection[Any], name: str) -> bool:
    """Take the lock `name` for a session, of the database that it is in; False where another has it."""
    row = session.execute("SELECT pg_try_advisory_lock(%s)", [lock_key(name)]).fetchone()
    return bool(row and row[0])


def unlock(session: psycopg.Connection[Any], name: str) -> None:
    """Give the lock `name` back. A session that is closed ends a little later, and the next run may be there before."""
    with suppress(psycopg.Error):  # it was lost, and the lock with it
        session.execute("SELECT pg_advisory_unlock(%s)", [lock_key(name)])


def _describe_holder(connection: psycopg.Connection, name: str) -> tuple[str, bool]:
    """Who holds a lock, and whether he may run the same: he has this session's login, or the owner's role."""
    row = connection.execute(
        "SELECT format('process %%s of %%s, since %%s', a.pid, coalesce(host(a.client_addr), 'this host'),"
        " coalesce(to_char(a.backend_start, 'HH24:MI:SS'), 'a time that this role may not see')),"
        " a.usename, a.usename = session_user OR pg_has_role(a.usesysid, d.datdba, 'MEMBER')"
        " FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND d.datname = current_database()"
        " AND (l.classid::bigint << 32 | l.objid::bigint) = %s",
        [lock_key(name)],
    ).fetchone()
    if not row:
        return "it has just ended", True
    who, login, is_ours = row
    return (who, True) if is_ours else (f"{login} ({who})", False)
