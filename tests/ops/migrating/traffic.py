"""Clients that write while a migration runs, and a report that stands in its way.

The clients are processes: a thread would wait for the interpreter that measures it.
"""

import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
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
    return max(times), quantiles(times, n=100)[98] if len(times) > 1 else max(times)


class Client:
    """One client of a database; `next_write` gives the statement that comes next."""

    def __init__(self, session: psycopg.Connection[Any]) -> None:
        self.session = session

    def next_write(self) -> str:
        raise NotImplementedError


@contextmanager
def clients(database: Database, kinds: Sequence[type[Client]]) -> Iterator[list[Write]]:
    """One client of each kind writes until the block ends; the list is filled then."""
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


def _work(database: Database, kind: type[Client], done: Any, pipe: Any) -> None:
    writes: list[Write] = []
    with database.connect(owner=True) as session:
        session.execute("SET lock_timeout = 0")
        client = kind(session)
        pipe.send(True)
        while not done.is_set():
            statement = client.next_write()
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
        self._database, self._tables, self._seconds = database, tables, seconds
        self._ready, self._stop = threading.Event(), threading.Event()
        self.ended = 0.0
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
        self.ended = time.monotonic()

    def stop(self) -> None:
        """Returns once it has ended."""
        self._stop.set()
        self._thread.join()


TABLES = """
    SELECT c.relname, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                          AND attgenerated = '' AND attidentity = '' ORDER BY attnum LIMIT 1), c.relpages
      FROM pg_class c WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND relname <> 'django_migrations' ORDER BY relname
"""


class AllTables(Client):
    """Writes rows of each table in turn, as it finds them: what a row becomes is what it was."""

    def __init__(self, session: psycopg.Connection[Any]) -> None:
        super().__init__(session)
        self._chance = random.Random(1)
        self._turn: Iterator[Any] = iter(())
        self._count = itertools.count()

    def next_write(self) -> str:
        row = next(self._turn, None)
        if row is None:
            found = self.session.execute(TABLES).fetchall()
            self._chance.shuffle(found)
            self._turn = iter(found)
            row = next(self._turn, None)
        if row is None:
            return "SELECT"
        table, column, pages = row.values()
        place = f"({self._chance.randrange(max(pages, 1))},{self._chance.randrange(1, 20)})"
        return f"""UPDATE "{table}" SET "{column}" = "{column}" WHERE ctid = '{place}'"""
