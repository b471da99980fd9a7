"""Short locks, tried again: what takes a lock that writers wait behind is bounded by the server itself.

A statement that waits for ACCESS EXCLUSIVE makes every later writer wait behind it. So it waits at most LOCK_MS, and
all of it, the wait included, lasts at most STATEMENT_MS: then the server cancels it, and the writers go on. It runs in
autocommit, so that no pause of this process falls between its end and its COMMIT.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable, QueryCanceled

from config.commands import Failed

#: Milliseconds: for each lock, and for the whole statement. A writer never waits longer than the second.
LOCK_MS = 75
STATEMENT_MS = 150
#: Milliseconds after which a statement that has its lock ends with what it has done so far.
HOLD_MS = 40

Value = TypeVar("Value")


class Patience:
    """How long a run tries again to get a lock, in seconds, all its steps together."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def pause(self, table: str) -> None:
        """Wait a little, so that the writers who waited go first; raise `Failed` when patience has ended."""
        if time.monotonic() > self._end:
            raise Failed(
                f"{table} was in use for {self.seconds:g} s ({_users(table)}): no row is lost, and what was done stays"
                " done; run this again when those transactions have ended, or with a longer --lock-wait."
            )
        time.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - only a pause


def until_free(attempt: Callable[[], Value], *, table: str, patience: Patience) -> Value:
    """Call `attempt` until the server does not cancel it for a lock that others have."""
    while True:
        try:
            return attempt()
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable | QueryCanceled):
                raise
        patience.pause(table)


def briefly(statement: str, parameters: Sequence[Any], *, table: str, patience: Patience) -> Any:
    """Run one statement under the short limits until it gets its lock on `table`; return its first value, if any.

    The commit does not wait for the disk, which writers would wait for, too: it is written before any row that needs
    it, and a crash before that leaves everything as it was.
    """

    def attempt() -> Any:
        with (
            limits(lock_timeout=LOCK_MS, statement_timeout=STATEMENT_MS, synchronous_commit="off"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, parameters)
            return cursor.fetchone()[0] if cursor.description else None

    return until_free(attempt, table=table, patience=patience)


@contextmanager
def limits(**wanted: int | str) -> Iterator[None]:
    """Settings of the session within the block; times are in milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'current_setting({name!r})' for name in wanted)}")
        before = cursor.fetchone()
        _set(cursor, wanted)
        try:
            yield
        finally:
            _set(cursor, dict(zip(wanted, before, strict=True)))


def _set(cursor: Any, values: dict[str, Any]) -> None:
    calls = ", ".join(["set_config(%s, %s, false)"] * len(values))
    cursor.execute(f"SELECT {calls}", [str(part) for item in values.items() for part in item])


def _users(table: str) -> str:
    """Who has a lock on the table, for the one who must ask them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT format('process %%s of %%s', pid, coalesce(usename, '?')) FROM pg_locks"
            " LEFT JOIN pg_stat_activity USING (pid)"
            " WHERE relation = to_regclass(%s) AND granted AND pid <> pg_backend_pid()"
            "   AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 5",
            [table],
        )
        return ", ".join(user for (user,) in cursor.fetchall()) or "by transactions that have just ended"
