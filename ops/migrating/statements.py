"""What happens around each statement of a migration: how long it may wait for a lock, and the digest of all of them."""

import hashlib
import re
import time
from collections.abc import Callable
from typing import Any

from psycopg.pq import TransactionStatus

from ops.migrating.patience import LOCK_TIMEOUT_MS, Patience

#: Statements that let readers and writers pass while they wait.
_CONCURRENT = re.compile(
    r"(CREATE\s+(UNIQUE\s+)?INDEX|DROP\s+INDEX|REINDEX|REFRESH\s+MATERIALIZED\s+VIEW)\b[^;]*?\bCONCURRENTLY\b"
    r"|ALTER\s+TABLE\s[^;]*?\bDETACH\s+PARTITION\s[^;]*?\b(CONCURRENTLY|FINALIZE)\b",
    re.IGNORECASE,
)
_VALIDATING = re.compile(r"(ALTER\s+TABLE\s+\S+\s+VALIDATE\s+CONSTRAINT\s+[^\s;]+\s*(;\s*|$))+", re.IGNORECASE)
_READING = re.compile(r"(SELECT|SHOW|SET|SAVEPOINT|RELEASE)\b", re.IGNORECASE)
_LEADING_COMMENTS = re.compile(r"(\s*--[^\n]*\n|\s*/\*.*?\*/|\s+)*", re.DOTALL)

#: What took longer than this may have waited (seconds).
_NOTICEABLE = 0.01
_SHORTEST_TIMEOUT_MS = 10


class Statements:
    """An execute wrapper of Django's connection.

    Alone (in autocommit) a statement that lost a lock is tried again; in a transaction the whole of it has to be.
    All statements of one transaction share LOCK_TIMEOUT_MS of waiting: those that come later hold the locks of
    those before.
    """

    def __init__(self, connection: Any, patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self.begin()

    def begin(self) -> None:
        """An attempt begins: nothing has run yet."""
        self._digest = hashlib.sha256()
        self._begin_transaction()

    def _begin_transaction(self) -> None:
        self._waited_ms = 0.0
        self._only_validated = True
        self._timeout_ms = LOCK_TIMEOUT_MS

    def digest(self) -> bytes:
        """SHA-256 of the statements since `begin`, each ended by a zero byte."""
        return self._digest.digest()

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        text = _LEADING_COMMENTS.sub("", str(sql), count=1)
        if self._connection.in_atomic_block:
            result = self._in_transaction(text, lambda: execute(sql, params, many, context))
        else:
            result = self._alone(text, lambda: execute(sql, params, many, context))
        self._digest.update(text.encode() + b"\0")
        return result

    def _alone(self, text: str, run: Callable[[], Any]) -> Any:
        if not (_CONCURRENT.match(text) or _VALIDATING.fullmatch(text)):
            return self._patience.persist(run)
        self._connection.connection.execute("SET lock_timeout = 0")
        try:
            return run()
        finally:
            if not self._connection.connection.closed:
                self._connection.connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")

    def _in_transaction(self, text: str, run: Callable[[], Any]) -> Any:
        if self._connection.connection.info.transaction_status == TransactionStatus.IDLE:
            self._begin_transaction()
        if self._only_validated and _VALIDATING.fullmatch(text):
            # No lock is held yet but those of validations, which stop no reader or writer.
            self._limit(0)
            return run()
        if not _READING.match(text):
            self._only_validated = False
        self._limit(max(_SHORTEST_TIMEOUT_MS, int(LOCK_TIMEOUT_MS - self._waited_ms)))
        began = time.monotonic()
        result = run()
        if (elapsed := time.monotonic() - began) > _NOTICEABLE:
            self._waited_ms += elapsed * 1000
        return result

    def _limit(self, timeout_ms: int) -> None:
        if timeout_ms != self._timeout_ms:
            self._connection.connection.execute(f"SET LOCAL lock_timeout = {timeout_ms}")
            self._timeout_ms = timeout_ms
