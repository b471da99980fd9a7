"""Clients that write while a migration runs, and a report that stands in its way.

The clients are processes: a thread would wait for the interpreter that measures it.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from statistics import quantiles
from typing import Any, NamedTuple

import psycopg

from tests.databases import Database

#: As many as two clients of a busy desk (each sleeps between its writes): 150 a second.
PAUSE = 2 / 150
_PROCESSES = get_context("fork")


class Write(NamedTuple):
    """When one was sent (seconds of the monotonic clock), how long it took (milliseconds), and why it was refused."""

    began: float
    ms: float
    refused: str = ""


def worst(writes: Sequence[Write]) -> tuple[float, float]:
    """The longest and the 99th percentile, in milliseconds."""
    times = [write.ms for write in writes]
    return max(times), quantiles(times, n=100, method="inclusive")[98] if len(times) > 1 else max(times)


#: A client: what it writes on its connection, statement after statement.
Client = Callable[[psycopg.Connection[Any]], Iterator[str]]


@contextmanager
def clients(database: Database, kinds: Sequence[Client]) -> Iterator[list[Write]]:
    """One client of each kind writes until the block ends; then the list is filled, in the order of time."""
    writes: list[Write] = []
    done = _PROCESSES.Event()
    started, pipes = [], []
    for kind in kinds:
        reader, writer = _PROCESSES.Pipe(duplex=False)
        process = _PROCESSES.Process(target=_work, args=(database, kind, done, writer))
        process.start()
        writer.close()
        started.append(process)
        pipes.append(reader)
    try:
        for pipe in pipes:
            pipe.recv()  # it is connected
        yield writes
    finally:
        done.set()
        for process, pipe in zip(started, pipes, strict=True):
            with suppress(EOFError):
                writes += pipe.recv()
            pipe.close()
            process.join()
        writes.sort()


def _work(database: Database, kind: Client, done: Any, pipe: Any) -> None:
    writes: list[Write] = []
    with database.connect(owner=True) as session:
        session.execute("SET lock_timeout = 0")
        pipe.send(True)
        for statement in kind(session):
            if done.is_set():
                break
            began, refused = time.monotonic(), ""
            try:
                session.execute(statement)
            except psycopg.Error as error:
                refused = error.sqlstate or type(error).__name__
            writes.append(Write(began, 1000 * (time.monotonic() - began), refused))
            time.sleep(PAUSE)
    pipe.send(writes)


class Report:
    """A transaction that has read tables, and ends after some time, or earlier if it is told to."""

    def __init__(self, database: Database, tables: Sequence[str], seconds: float) -> None:
        """Returns once it has read; ends by itself when it is `due`."""
        self._database, self._tables, self._seconds = database, tables, seconds
        self._ready, self._stop = threading.Event(), threading.Event()
        self.due = time.monotonic() + seconds
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        self._ready.wait()

    def _read(self) -> None:
        with self._database.connect(owner=True, autocommit=False, application_name="reporting") as session:
            for table in self._tables:
                session.execute(f'LOCK TABLE "{table}" IN ACCESS SHARE MODE')
            session.execute("SELECT pg_current_snapshot()")
            self._ready.set()
            self._stop.wait(self._seconds)

    def stop(self) -> None:
        """Returns once it has ended."""
        self._stop.set()
        self._thread.join()


TABLES = """
    SELECT c.relname, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                          AND attgenerated = '' AND attidentity = '' ORDER BY attnum LIMIT 1), c.relpages
      FROM pg_class c WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
       AND NOT relispartition AND relname <> 'django_migrations' ORDER BY relname
"""


def all_tables(session: psycopg.Connection[Any]) -> Iterator[str]:
    """Writes rows of each table in turn, as it finds them: what a row becomes is what it was."""
    chance = random.Random(session.info.backend_pid)
    while True:
        found = session.execute(TABLES).fetchall()
        chance.shuffle(found)
        for table, column, pages in (row.values() for row in found):
            place = f"({chance.randrange(max(pages, 1))},{chance.randrange(1, 20)})"
            yield f"""UPDATE "{table}" SET "{column}" = "{column}" WHERE ctid = '{place}'"""
