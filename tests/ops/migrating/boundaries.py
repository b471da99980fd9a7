"""Every place in which a run of `migrate` can end: before each statement that it sends, and while one commits."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from ops.migrating.executor import GuardedExecutor

_KEY_BYTES = 8
#: psycopg's own functions that send a statement.
_ENDS = {"_commit_gen": "COMMIT", "_rollback_gen": "ROLLBACK"}
_READING = re.compile(r"\s*(SELECT|SHOW|SET|BEGIN)\b", re.IGNORECASE)


class Boundaries:
    """Those that runs have passed. `meet` is for the process that is to end at the next ones that none has passed.

    One is known by the migration, the statement's text, and how often that has come before: so a run that goes on
    where another was killed passes no boundary for the first time twice.
    """

    def __init__(self) -> None:
        self.passed: set[bytes] = set()

    def meet(self, number: int, end: Callable[[], None], run: Callable[[Callable[[], None]], Any]) -> Any:
        """The result of `run(before)`, where the process that calls `before` calls `end` at the so-manieth new one."""
        reader, writer = os.pipe()
        try:
            result = run(lambda: self._watch(writer, number, end))
        finally:
            os.close(writer)
        with os.fdopen(reader, "rb") as keys:
            found = keys.read()
        self.passed.update(found[at : at + _KEY_BYTES] for at in range(0, len(found), _KEY_BYTES))
        return result

    def _watch(self, writer: int, left: int, end: Callable[[], None]) -> None:
        """In the process that runs `migrate`: whatever goes to the server from now on is counted."""
        place, text = "", ""
        met: Counter[str] = Counter()
        report, execute, wait = GuardedExecutor._report, psycopg.Cursor.execute, psycopg.Connection.wait

        def following(executor: GuardedExecutor, action: str, migration: Any, fake: bool) -> None:
            nonlocal place
            place = f"{action} {migration}"
            met.clear()
            report(executor, action, migration, fake)

        def noting(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
            nonlocal text
            text = str(query)
            try:
                return execute(cursor, query, *arguments, **options)
            finally:
                text = ""

        def passing(what: str) -> bool:
            """Whether the process is to end here."""
            nonlocal left
            met[what] += 1
            key = hashlib.sha256(f"{place}\0{what}\0{met[what]}".encode()).digest()[:_KEY_BYTES]
            if key in self.passed:
                return False
            self.passed.add(key)
            os.write(writer, key)
            left -= 1
            return left == 0

        def sending(connection: Any, generator: Any, *arguments: Any, **options: Any) -> Any:
            what = text or _ENDS.get(generator.__name__)
            if what and passing(f"before {what}"):
                end()
            alone = connection.info.transaction_status == TransactionStatus.IDLE
            if what and (alone or what == "COMMIT") and not _READING.match(what) and passing(f"while {what}"):
                next(generator)  # sent, and not answered
                end()
            return wait(connection, generator, *arguments, **options)

        GuardedExecutor._report = following  # type: ignore[method-assign]
        psycopg.Cursor.execute = noting  # type: ignore[method-assign]
        psycopg.Connection.wait = sending  # type: ignore[method-assign]
