"""Who holds the lock that a migration waits for, asked while it waits: afterwards PostgreSQL no longer knows."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import connections

from config.database.locks import connection_parameters

_POLL_SECONDS = 0.02
_QUERY_LENGTH = 200

#: The longest transaction first: those behind it wait in the same queue.
_BLOCKERS = """
    SELECT b.pid, a.usename, a.application_name, a.backend_type, a.state,
           extract(epoch FROM clock_timestamp() - a.xact_start)::int, a.query,
           (SELECT coalesce(relation::regclass::text, locktype) FROM pg_locks
             WHERE pid = %(pid)s AND NOT granted LIMIT 1)
      FROM unnest(pg_blocking_pids(%(pid)s)) AS b(pid) LEFT JOIN pg_stat_activity a USING (pid)
     ORDER BY a.xact_start NULLS FIRST LIMIT 1
"""


class BlockerWatch:
    """Looks, over a connection of its own, for what blocks the session of Django's connection `alias`."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._observer: psycopg.Connection[Any] | None = None
        self._seen: tuple[Any, ...] | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within the block, look every 20 ms."""
        connection = connections[self._alias]
        connection.ensure_connection()
        pid = connection.connection.info.backend_pid
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(pid, done), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def describe(self) -> str:
        """Whoever was in the way last, with his query as PostgreSQL shows it."""
        if self._seen is None:
            return "a lock that another session held"
        pid, user, application, kind, state, seconds, query, what = self._seen
        where = f"a lock on {what}" if what else "a lock"
        if not pid:
            return f"{where} that a prepared transaction holds (see pg_prepared_xacts)"
        who = ", ".join(filter(None, [user or kind, application and f"application {application}", state]))
        since = f", its transaction {seconds} s old" if seconds is not None else ""
        text = " ".join((query or "").split())
        shown = text if len(text) <= _QUERY_LENGTH else f"{text[:_QUERY_LENGTH]}…"
        return f"{where} that process {pid} holds ({who}{since}; its query: {shown})"

    def _watch(self, pid: int, done: threading.Event) -> None:
        # Whatever goes wrong here, the migration's own error says more.
        with suppress(psycopg.Error):
            if self._observer is None:
                self._observer = psycopg.connect(**connection_parameters(self._alias), autocommit=True)
            while not done.wait(_POLL_SECONDS):
                row = self._observer.execute(_BLOCKERS, {"pid": pid}).fetchone()
                self._seen = row or self._seen

    def close(self) -> None:
        if self._observer is not None:
            self._observer.close()
            self._observer = None
