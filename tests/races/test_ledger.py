"""The ledger under many clients at once, each on a connection of its own, and against a model in plain Python."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.databases import Database

Connection = psycopg.Connection[dict[str, Any]]

#: What ends a transaction that is to be tried again.
RETRIED = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


def open_account(connection: Connection, *, kind: str = "client", currency: str = "USD") -> UUID:
    """An account of a new user."""
    name = uuid4().hex
    connection.execute("INSERT INTO currencies (code, name) VALUES (%s, 'money') ON CONFLICT DO NOTHING", [currency])
    row = connection.execute(
        "WITH owner AS (INSERT INTO users (email, username, password_hash) VALUES (%s, %s, '!') RETURNING id)"
        " INSERT INTO accounts (user_id, account_number, kind, account_type, currency)"
        " SELECT id, %s, %s, 'live', %s FROM owner RETURNING id",
        [f"{name}@example.org", name, name, kind, currency],
    ).fetchone()
    assert row
    account: UUID = row["id"]
    return account


def post(connection: Connection, kind: str, key: str, *legs: tuple[UUID, Any], leg_type: str = "") -> UUID:
    named = [{"account": str(account), "type": leg_type or kind, "amount": str(amount)} for account, amount in legs]
    row = connection.execute("SELECT post_journal(%s, %s, %s) AS id", [kind, key, json.dumps(named)]).fetchone()
    assert row
    journal: UUID = row["id"]
    return journal


def broken(database: Database) -> list[dict[str, Any]]:
    """Accounts whose balance is not the sum of their entries, or whose entries do not follow one another."""
    return database.rows(
        """
        SELECT id, balance, last_seq FROM accounts
          LEFT JOIN (SELECT account_id, sum(amount) AS total, count(*) AS entries, bool_and(linked) AS linked
                       FROM (SELECT account_id, amount,
                                    balance_before = lag(balance_after, 1, 0) OVER chain AS linked
                               FROM account_transactions
                             WINDOW chain AS (PARTITION BY account_id ORDER BY seq)) AS entry
                      GROUP BY account_id) AS ledger ON account_id = id
         WHERE balance <> coalesce(total, 0) OR last_seq <> coalesce(entries, 0) OR NOT coalesce(linked, true)
        """
    )


@contextmanager
def at_once(*tasks: Callable[[], None]) -> Iterator[None]:
    """Runs the tasks in threads beside the block; what one of them raises is raised at the end."""
    errors: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def outcomes(database: Database, *tasks: Callable[[Connection], Any]) -> list[Any]:
    """What each task returns or raises (as the rule that it broke), started at the same moment."""
    barrier = threading.Barrier(len(tasks))
    results: list[Any] = [None] * len(tasks)

    def run(number: int, task: Callable[[Connection], Any]) -> Callable[[], None]:
        def body() -> None:
            with database.connect() as connection:
                barrier.wait()
                try:
                    results[number] = task(connection)
                except psycopg.Error as error:
                    results[number] = error.diag.constraint_name

        return body

    with at_once(*(run(number, task) for number, task in enumerate(tasks))):
        pass
    return results


def test_sixteen_clients_on_twenty_hot_accounts(fresh_database: Database) -> None:
    with fresh_database.connect() as connection:
        accounts = [open_account(connection) for _ in range(20)]
        house = open_account(connection, kind="house")
        post(connection, "deposit", "opening", *((a, 1_000_000) for a in accounts), (house, -20_000_000))
    until = time.monotonic() + 5
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    def client(number: int) -> Callable[[], None]:
        def body() -> None:
            random, own = Random(number), Counter[str]()
            with fresh_database.connect() as connection:
                while time.monotonic() < until:
                    own["tried"] += 1
                    chosen = random.sample(accounts, random.randint(2, 5))
                    amounts = [random.randint(-50, 50) or 1 for _ in chosen]
                    legs = [*zip(chosen, amounts, strict=True), (house, -sum(amounts) or 1)]
                    if sum(amounts) == 0:
                        legs.append((house, -1))
                    try:
                        post(connection, "correction", f"{number}:{own['tried']}", *legs, leg_type="adjustment")
                        own["posted"] += 1
                    except RETRIED:
                        own["to be tried again"] += 1
            with lock:
                counts.update(own)

        return body

    with at_once(*(client(number) for number in range(16))):
        pass
    assert counts["posted"] + counts["to be tried again"] == counts["tried"]
    assert counts["posted"] > 100
    # post_journal locks in one order, so that nobody is ever to try again.
    assert counts["to be tried again"] == 0
    assert broken(fresh_database) == []
    rows = fresh_database.rows(
        "SELECT sum(balance) AS total, (SELECT count(*) FROM journals) AS journals FROM accounts"
    )
    assert rows == [{"total": 0, "journals": counts["posted"] + 1}]


def test_two_withdrawals_of_the_same_money(fresh_database: Database) -> None:
    with fresh_database.connect() as connection:
        client, house = open_account(connection), open_account(connection, kind="house")
        post(connection, "deposit", "opening", (client, 100), (house, -100))
    results = outcomes(
        fresh_database,
        *(
            lambda connection, key=key: post(connection, "withdrawal", key, (client, -80), (house, 80))
            for key in ("a", "b", "c", "d")
        ),
    )
    assert sorted(map(str, results))[1:] != []
    assert results.count("account_transactions_no_overdraft") == 3
    assert broken(fresh_database) == []
    assert fresh_database.rows("SELECT balance FROM accounts WHERE id = %s", [client]) == [{"balance": 20}]


def test_the_same_key_at_once_is_one_journal(fresh_database: Database) -> None:
    with fresh_database.connect() as connection:
        client, house = open_account(connection), open_account(connection, kind="house")
    same = [lambda c: post(c, "deposit", "k", (client, 5), (house, -5))] * 6
    results = outcomes(fresh_database, *same, lambda c: post(c, "deposit", "k", (client, 6), (house, -6)))
    [balance] = fresh_database.rows("SELECT balance FROM accounts WHERE id = %s", [client])
    # Whichever came first stands; the others either are the same or are told so.
    if balance["balance"] == 5:
        assert len(set(results[:6])) == 1
        assert results[6] == "journals_idempotency_key_content"
    else:
        assert results[:6] == ["journals_idempotency_key_content"] * 6
    assert fresh_database.rows("SELECT count(*) FROM journals") == [{"count": 1}]


def test_two_approvals_of_one_request_book_it_once(fresh_database: Database) -> None:
    with fresh_database.connect() as connection:
        client, _ = open_account(connection), open_account(connection, kind="house")
        checker = fresh_database.rows("SELECT user_id AS id FROM accounts WHERE kind = 'house'")[0]["id"]
        [request] = connection.execute(
            "INSERT INTO cash_requests (account_id, request_type, amount, currency, requested_by_id)"
            " SELECT id, 'deposit', 100, currency, user_id FROM accounts WHERE id = %s RETURNING id",
            [client],
        ).fetchall()
    approve = [
        lambda connection: connection.execute(
            "SELECT approve_cash(%s, %s) AS journal", [request["id"], checker]
        ).fetchone()["journal"]
    ] * 4
    assert len(set(outcomes(fresh_database, *approve))) == 1
    assert fresh_database.rows("SELECT balance FROM accounts WHERE id = %s", [client]) == [{"balance": 100}]


def test_a_lock_and_a_withdrawal_are_one_after_the_other(fresh_database: Database) -> None:
    """The withdrawal that waited for the lock sees it."""
    with fresh_database.connect() as connection:
        client, house = open_account(connection), open_account(connection, kind="house")
        post(connection, "deposit", "opening", (client, 100), (house, -100))
    with fresh_database.connect(autocommit=False) as desk:
        desk.execute("UPDATE accounts SET is_locked = true, locked_reason = 'fraud' WHERE id = %s", [client])
        results: list[str | None] = []

        def withdraw() -> None:
            with fresh_database.connect() as connection:
                try:
                    post(connection, "withdrawal", "w", (client, -1), (house, 1))
                except psycopg.Error as error:
                    results.append(error.diag.constraint_name)

        with at_once(withdraw):
            time.sleep(0.3)
            desk.commit()
    assert results == ["account_transactions_open_account"]


CENTS = st.integers(-30_000, 30_000).map(lambda cents: Decimal(cents) / 100)
BY_HAND = ["commission", "bonus", "debit"]
NUMBER = st.integers(0, 3)


class Ledger(RuleBasedStateMachine):
    """Three clients and a house; the model is a list of balances and the rules in words."""

    connection: Connection

    def __init__(self) -> None:
        super().__init__()
        self.name = uuid4().hex
        # A currency of its own, whose only house is this one.
        currency = self.name[:10].upper()
        self.accounts = [open_account(self.connection, currency=currency) for _ in range(3)]
        self.accounts.append(open_account(self.connection, kind="house", currency=currency))
        self.balances = [Decimal(0)] * 4
        self.entries = [0] * 4
        self.locked = [False] * 4
        self.posted: dict[str, tuple[UUID, list[tuple[int, Decimal, str]]]] = {}
        self.reversed: set[str] = set()

    def attempt(self, kind: str, legs: list[tuple[int, Decimal, str]], key: str) -> None:
        named = [
            {"account": str(self.accounts[number]), "type": leg_type, "amount": str(amount)}
            for number, amount, leg_type in legs
        ]
        journal, broken_rule = self.ask(
            "SELECT post_journal(%s, %s, %s) AS id", [kind, f"{self.name}:{key}", json.dumps(named)]
        )
        assert broken_rule == self.refusal(legs), legs
        if journal is not None:
            self.book(legs)
            self.posted[key] = journal, legs

    def ask(self, statement: str, parameters: list[Any]) -> tuple[UUID | None, str | None]:
        """The id that the database answers with, or the rule that it names."""
        try:
            row = self.connection.execute(statement, parameters).fetchone()  # type: ignore[call-overload]
        except psycopg.Error as error:
            return None, error.diag.constraint_name
        return row["id"], None

    def book(self, legs: list[tuple[int, Decimal, str]]) -> None:
        for number, amount, _ in legs:
            self.balances[number] += amount
            self.entries[number] += 1

    def refusal(self, legs: list[tuple[int, Decimal, str]]) -> str | None:
        if any(amount == 0 for _, amount, _ in legs):
            return "account_transactions_amount_not_zero_check"
        if sum(amount for _, amount, _ in legs):
            return "account_transactions_zero_sum"
        balances = [*self.balances]
        overdrawn = False
        for number, amount, _ in legs:
            balances[number] += amount
            overdrawn |= amount < 0 and number < 3 and balances[number] < 0
        if overdrawn:
            return "account_transactions_no_overdraft"
        if any(
            self.locked[number] and (leg_type == "transfer" or (leg_type == "withdrawal" and amount < 0))
            for number, amount, leg_type in legs
        ):
            return "account_transactions_open_account"
        return None

    @rule(number=st.integers(0, 2), amount=CENTS, leg_type=st.sampled_from(["deposit", "withdrawal", "commission"]))
    def with_the_house(self, number: int, amount: Decimal, leg_type: str) -> None:
        self.attempt(leg_type, [(number, amount, leg_type), (3, -amount, leg_type)], f"{len(self.posted)}h")

    @rule(source=NUMBER, to=NUMBER, amount=CENTS)
    def between(self, source: int, to: int, amount: Decimal) -> None:
        self.attempt("transfer", [(source, -amount, "transfer"), (to, amount, "transfer")], f"{len(self.posted)}t")

    @rule(legs=st.lists(st.tuples(NUMBER, CENTS, st.sampled_from(BY_HAND)), min_size=1, max_size=5))
    def anything(self, legs: list[tuple[int, Decimal, str]]) -> None:
        rest = -sum((amount for _, amount, _ in legs), Decimal(0))
        balanced = [*legs, (3, rest, "bonus")] if rest else legs
        self.attempt("adjustment", balanced, f"{len(self.posted)}a")
        self.attempt("adjustment", [*balanced, (0, Decimal("0.01"), "bonus")], "never")

    @rule(number=st.integers(0, 2))
    def lock_or_unlock(self, number: int) -> None:
        self.locked[number] = not self.locked[number]
        self.connection.execute(
            "UPDATE accounts SET is_locked = %s, locked_reason = %s WHERE id = %s",
            [self.locked[number], "r" if self.locked[number] else "", self.accounts[number]],
        )

    @rule(which=st.integers(0, 100))
    def post_again(self, which: int) -> None:
        if self.posted:
            key = [*self.posted][which % len(self.posted)]
            journal, legs = self.posted[key]
            named = [
                {"account": str(self.accounts[number]), "type": leg_type, "amount": str(amount)}
                for number, amount, leg_type in reversed(legs)
            ]
            kind = self.connection.execute("SELECT kind FROM journals WHERE id = %s", [journal]).fetchone()
            assert kind
            row = self.connection.execute(
                "SELECT post_journal(%s, %s, %s) AS id", [kind["kind"], f"{self.name}:{key}", json.dumps(named)]
            ).fetchone()
            assert row
            assert row["id"] == journal

    @rule(which=st.integers(0, 100))
    def undo(self, which: int) -> None:
        if self.posted:
            key = [*self.posted][which % len(self.posted)]
            journal, legs = self.posted[key]
            mirrored = [(number, -amount, leg_type) for number, amount, leg_type in reversed(legs)]
            reversal, broken_rule = self.ask("SELECT reverse_journal(%s) AS id", [journal])
            assert broken_rule == (None if key in self.reversed else self.refusal(mirrored)), mirrored
            if reversal is not None and key not in self.reversed:
                self.reversed.add(key)
                self.book(mirrored)

    @rule(number=st.integers(0, 2))
    def protect(self, number: int) -> None:
        self.connection.execute("SELECT apply_negative_balance_protection(%s)", [self.accounts[number]])
        if self.balances[number] < 0:
            debt = self.balances[number]
            self.book([(number, -debt, "adjustment"), (3, debt, "adjustment")])

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        heads = self.connection.execute(
            "SELECT id, balance, last_seq FROM accounts WHERE id = ANY (%s)", [self.accounts]
        ).fetchall()
        known = {row["id"]: (row["balance"], row["last_seq"]) for row in heads}
        assert [known[account] for account in self.accounts] == [*zip(self.balances, self.entries, strict=True)]


def test_the_ledger_does_what_its_model_does(fresh_database: Database) -> None:
    with fresh_database.connect() as connection:
        machine = type("LedgerOnThisDatabase", (Ledger,), {"connection": connection})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=40,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
    assert broken(fresh_database) == []
