"""One client: draws statements, runs them, and counts what the database says."""

import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from ops.fuzz.catalog import Catalog
from ops.fuzz.plays import Plays
from ops.fuzz.statements import Statement, Statements
from ops.fuzz.values import LiveRows, Values

#: Classes of SQLSTATE in which a refusal is in order: data, integrity, conflict, object in use, raised, not supported.
EXPECTED_CLASSES = ("22", "23", "40", "55", "P0001", "0A")
#: No right; wrong types; a generated column written (42P10: copied); a row met twice by one upsert; too large a key.
EXPECTED_STATES = ("42501", "42804", "42883", "42846", "428C9", "42P10", "21000", "54000")
#: How many accepted statements are remembered for each table.
REMEMBERED = 20
RECONNECT_SECONDS = 30


@dataclass(kw_only=True)
class Finding:
    """An answer of the database that is neither acceptance nor a refusal in order."""

    client: int
    number: int
    sqlstate: str
    message: str
    statement: str


@dataclass(kw_only=True)
class Tally:
    """What one client has seen; statements of a transaction that was not committed are refused, too."""

    statements: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    rolled_back: int = 0
    findings: list[Finding] = field(default_factory=list)
    last_accepted: dict[str, deque[tuple[float, str]]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=REMEMBERED))
    )


class Client:
    """Runs statements on a connection of its own; `seed` and `number` decide what it draws."""

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        catalog: Catalog,
        *,
        number: int,
        seed: int,
        important: frozenset[str],
    ) -> None:
        self.number = number
        self.connect = connect
        self.connection = connect()
        self.dice = random.Random(f"{seed}:{number}")  # noqa: S311 - no secret is drawn
        self.live = LiveRows(self.connection, catalog, self.dice)
        values = Values(catalog, self.live, self.dice)
        self.statements = Statements(catalog, values, self.dice, important=important)
        self.plays = Plays(catalog, values, self.dice)
        self.tally = Tally()

    def run(self, count: int, advance: Callable[[int], None]) -> Tally:
        """Run at least `count` statements, in transactions of one to five."""
        try:
            while self.tally.statements < count:
                before = self.tally.statements
                try:
                    self._transaction(self._next())
                except psycopg.OperationalError as error:
                    # Lost while live rows were read.
                    self._count(error, Statement(table="", sql="(reading live rows)"))
                if self._is_gone:
                    self.connection = self.live.connection = self._reconnect()
                advance(self.tally.statements - before)
        finally:
            self.connection.close()
        return self.tally

    def _next(self) -> list[Statement]:
        roll = self.dice.random()
        if roll < 0.3:
            return self.plays.draw()
        if roll < 0.85:
            return [self.statements.draw()]
        return [self.statements.draw() for _ in range(self.dice.choice([2, 3, 5]))]

    def _transaction(self, statements: list[Statement]) -> None:
        """All in one transaction, each under a savepoint; some transactions are given up at the end."""
        gives_up = self.dice.random() < 0.05
        kept: list[Statement] = []
        try:
            with self.connection.transaction(force_rollback=gives_up):
                for statement in statements:
                    self.tally.statements += 1
                    try:
                        # A transaction of one statement needs no savepoint.
                        if len(statements) == 1:
                            self._execute(statement)
                        else:
                            with self.connection.transaction():
                                self._execute(statement)
                        kept.append(statement)
                    except psycopg.Error as error:
                        self._count(error, statement)
                        if len(statements) == 1 or self._is_gone:
                            raise psycopg.Rollback from error
        except psycopg.Rollback:
            pass
        except psycopg.Error as error:
            # At the commit: deferred keys and rules.
            self._count(error, kept[-1] if kept else statements[-1], rows=max(len(kept), 1))
            kept = []
        if self._is_gone or gives_up:
            self.tally.rolled_back += len(kept)
        else:
            for statement in kept:
                self.tally.accepted[statement.table] += 1
                self.tally.last_accepted[statement.table].append((time.time(), _rendered(statement)))

    @property
    def _is_gone(self) -> bool:
        return self.connection.closed or self.connection.info.transaction_status == TransactionStatus.UNKNOWN

    def _reconnect(self) -> psycopg.Connection[Any]:
        """A server that has crashed is back after a while; what it did not survive is a finding already."""
        deadline = time.monotonic() + RECONNECT_SECONDS
        while True:
            try:
                return self.connect()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _execute(self, statement: Statement) -> None:
        cursor = self.connection.cursor()
        if statement.copied is None:
            cursor.execute(statement.sql, statement.parameters)
            return
        with cursor.copy(statement.sql) as copy:
            for row in statement.copied:
                copy.write_row(row)

    def _count(self, error: psycopg.Error, statement: Statement, rows: int = 1) -> None:
        state = error.sqlstate or "none"
        rule = error.diag.constraint_name or (error.diag.message_primary or str(error)).split('"')[0][:60].strip()
        self.tally.refused[state, rule] += rows
        if not (state.startswith(EXPECTED_CLASSES) or state in EXPECTED_STATES):
            self.tally.findings.append(
                Finding(
                    client=self.number,
                    number=self.tally.statements,
                    sqlstate=state,
                    message=str(error)[:500],
                    statement=_rendered(statement),
                )
            )


def _rendered(statement: Statement) -> str:
    """The statement with its values, for a person to read."""
    if statement.copied is not None:
        return f"{statement.sql} {statement.copied!r}"
    return statement.sql % tuple("NULL" if value is None else repr(value) for value in statement.parameters)
