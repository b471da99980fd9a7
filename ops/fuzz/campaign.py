"""A campaign: several clients write at once, then every invariant of the books is checked."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection as django_connection

from audit.context import Context
from ops.fuzz.catalog import read_catalog
from ops.fuzz.clients import REMEMBERED, Client, Finding, Tally
from ops.verification.books import Report, invariants, verify_books

#: Nobody waits long for a lock that another client holds.
LOCK_TIMEOUT = "2s"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What all clients have seen, and whether the books hold afterwards."""

    tallies: list[Tally]
    books: Report

    @property
    def statements(self) -> int:
        return sum(tally.statements for tally in self.tallies)

    @property
    def accepted(self) -> Counter[str]:
        return sum((tally.accepted for tally in self.tallies), Counter())

    @property
    def refused(self) -> Counter[tuple[str, str]]:
        return sum((tally.refused for tally in self.tallies), Counter())

    @property
    def findings(self) -> list[Finding]:
        return [finding for tally in self.tallies for finding in tally.findings]

    def last_accepted(self, table: str) -> list[str]:
        """The last statements that the database accepted for a table, and the last calls of functions, oldest first."""
        lines = [
            line
            for tally in self.tallies
            for subject, remembered in tally.last_accepted.items()
            if subject == table or subject.endswith("()")
            for line in remembered
        ]
        return [text for _, text in sorted(lines)[-REMEMBERED:]]


def fuzz(*, statements: int, clients: int, seed: int, advance: Callable[[int], None] = lambda count: None) -> Outcome:
    """Run `statements` random statements on the default database, `clients` at once, and verify the books.

    What a client draws is decided by `seed` and its number; the live rows that it draws from are the database's, so
    that a run is repeated exactly by one client on a copy of the same database only.
    """
    with _connect() as connection:
        catalog = read_catalog(connection)
    important = frozenset(invariant.table for invariant in invariants())
    lock = threading.Lock()

    def advance_alone(count: int) -> None:
        with lock:
            advance(count)

    def run(number: int) -> Tally:
        share = statements // clients + (number < statements % clients)
        return Client(_connect, catalog, number=number, seed=seed, important=important).run(share, advance_alone)

    with ThreadPoolExecutor(max_workers=clients) as pool:
        tallies = list(pool.map(run, range(clients)))
    return Outcome(tallies=tallies, books=verify_books())


def _connect() -> psycopg.Connection[Any]:
    """A session of the application's role, beside Django's own."""
    parameters: dict[str, Any] = django_connection.get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    # The texts of random statements never come again: preparing them would fill the session.
    connection: psycopg.Connection[Any] = psycopg.connect(**parameters, autocommit=True, prepare_threshold=None)
    connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    # For the whole session: this one is nobody else's.
    connection.execute("SELECT set_config('audit.context', %s, false)", [Context(service="fuzz_database").text()])
    return connection
