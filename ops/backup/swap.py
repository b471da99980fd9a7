"""Putting one database in the place of another, under clients that never stop connecting."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg
from psycopg import errors, sql

from config.commands import EnvironmentFailed, Failed, UsageFailed
from config.database.scratch import LONGEST_NAME, Connection, Server, exists

STAMP = "%Y%m%d%H%M%S"
#: Behind the name of a database that a restore, or a rollback, has put aside.
KEPT, UNDONE = "before", "undone"
#: What CountOtherDBBackends sleeps while a session is still there; ending sessions more often gains nothing.
_POLL_SECONDS = 0.01


def aside(live: str, what: str, now: datetime) -> str:
    """The name that `live` gets: the time in it tells how old it is."""
    tail = f"_{what}_{now.astimezone(UTC).strftime(STAMP)}"
    return live[: LONGEST_NAME - len(tail)] + tail


def put_aside(session: Connection, live: str, *kinds: str) -> list[tuple[str, datetime]]:
    """The databases that were put aside for `live` and when, the oldest first."""
    found = []
    for kind in kinds or (KEPT, UNDONE):
        stem = aside(live, kind, datetime.now(UTC))[: -len("20000101000000")]
        rows = session.execute(
            "SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{re.escape(stem)}[0-9]{{14}}$"]
        ).fetchall()
        found += [(str(name), datetime.strptime(name[-14:], STAMP).replace(tzinfo=UTC)) for (name,) in rows]
    return sorted(found, key=lambda each: each[1])


def require_rights(session: Connection, live: str) -> None:
    """Raise EnvironmentFailed where this login could not end the sessions that `live` has or may get."""
    (may,) = session.execute(
        "SELECT rolsuper OR pg_has_role('pg_signal_backend', 'USAGE') FROM pg_roles WHERE rolname = current_user"
    ).fetchone() or (False,)
    if not may:
        raise EnvironmentFailed(
            f"The sessions of {live} are other roles', and this login may not end them: set ADMIN_DATABASE_URL to a"
            " superuser's login, or let an administrator run GRANT pg_signal_backend TO trading_owner."
        )


def swap(server: Server, *, live: str, incoming: str, kept: str) -> float:
    """Rename `live` to `kept` and `incoming` to `live` in one transaction; return seconds of the outage.

    New sessions of `live` wait at the lock that the first rename holds, those that are there are ended. Nothing but the
    commit changes anything: killed at any moment, the old database is the live one, and open. `kept` is read-only until
    it is rolled back to. Raises Failed where a session does not end.
    """
    with closing(server.master()) as session, closing(server.master()) as ender:
        require_rights(session, live)
        is_there = exists(session, live)
        try:
            with session.transaction():
                # First out of the way of autovacuum, which has begun to look at so many new rows.
                waiting = f"{incoming[: LONGEST_NAME - 5]}_next"
                with _ending_sessions(ender, incoming):
                    _rename(session, incoming, waiting)
                if is_there:
                    started = time.monotonic()
                    with _ending_sessions(ender, live):
                        _rename(session, live, kept)
                    session.execute(_read_only(kept, True))
                else:
                    started = time.monotonic()
                _rename(session, waiting, live)
                # Of a database that was put aside before and comes back.
                session.execute(_read_only(live, False))
            return time.monotonic() - started
        except errors.ObjectInUse as error:
            raise Failed(
                f"A session of {live} did not end ({error.diag.message_detail or error}): end it and try again;"
                " nothing was changed."
            ) from None


def kept_and_undone(session: Connection, live: str) -> tuple[str, str | None]:
    """The database that the last restore of `live` has put aside, and the name that `live` would get for it now.

    Raises UsageFailed where none is kept.
    """
    kept = put_aside(session, live, KEPT)
    if not kept:
        raise UsageFailed(f"No database is kept that {live} could be rolled back to: restore a backup instead.")
    return kept[-1][0], aside(live, UNDONE, datetime.now(UTC)) if exists(session, live) else None


def roll_back(server: Server, live: str) -> tuple[str, str | None, float]:
    """Put the database that the last restore has put aside in the place of `live` again.

    Returns its name, the name that `live` has got, and the seconds of the outage. Raises UsageFailed where none is
    kept.
    """
    with closing(server.connect()) as session:
        name, undone = kept_and_undone(session, live)
    return name, undone, swap(server, live=live, incoming=name, kept=undone or "")


def _rename(session: Connection, old: str, new: str) -> None:
    session.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def _read_only(name: str, on: bool) -> sql.Composed:
    statement = "ALTER DATABASE {} SET default_transaction_read_only = on" if on else (
        "ALTER DATABASE {} RESET default_transaction_read_only"
    )  # fmt: skip
    return sql.SQL(statement).format(sql.Identifier(name))


@contextmanager
def _ending_sessions(session: Connection, name: str) -> Iterator[None]:
    """Within the block, end every session of a database again and again."""
    stop = threading.Event()

    def end() -> None:
        while not stop.is_set():
            try:
                session.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_roles ON pg_roles.oid = usesysid"
                    " WHERE datname = %s AND (NOT rolsuper OR (SELECT rolsuper FROM pg_roles"
                    " WHERE rolname = current_user))",
                    [name],
                )
            except psycopg.Error:
                return  # the rename tells that sessions are left
            stop.wait(_POLL_SECONDS)

    ender = threading.Thread(target=end, name=f"ending sessions of {name}")
    ender.start()
    try:
        yield
    finally:
        stop.set()
        ender.join()
