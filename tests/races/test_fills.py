"""Fills from several sides at once: none is lost, none counts twice, nobody waits for ever, and the books agree."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from threading import Barrier
from time import monotonic
from typing import Any

import psycopg
import pytest

from accounts.invariants import INVARIANTS as LEDGER
from tests.databases import Database
from tests.trading.desk import Desk, broken
from trading.invariants import INVARIANTS

ROUNDS = 10
CLIENTS = 8
SECONDS = 4.0
FILL = "SELECT * FROM apply_fill(%s, %s, %s, 'XOFF', %s, commission => %s)"
BUST = "SELECT * FROM bust_trade(%s, 'wrong', 'Ann')"
ORDER = """
    INSERT INTO orders (account_id, user_id, client_order_id, instrument_id, order_type, side, quantity, status)
    VALUES (%s, %s, %s, %s, 'market', %s, %s, 'new') RETURNING id
"""
MARK = "INSERT INTO instrument_marks (instrument_id, marked_at, mid) VALUES (%s, clock_timestamp(), 1.1)"


@pytest.fixture
def desk(fresh_database: Database) -> Iterator[Desk]:
    desk = Desk(fresh_database)
    for _ in range(3):
        desk.new_account(kind="house")
    yield desk
    desk.close()
    assert broken(fresh_database, (*LEDGER, *INVARIANTS)) == {}


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What each returned, or the error that PostgreSQL gave it, begun at the same moment."""
    start = Barrier(len(actions))

    def act(action: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return action()
        except psycopg.Error as error:
            return error

    with ThreadPoolExecutor(len(actions)) as threads:
        return [*threads.map(act, actions)]


def reporting(database: Database, *parameters: Any) -> Callable[[], Any]:
    """A venue with a connection of its own that reports a fill."""
    connection = database.connect()

    def report() -> Any:
        with connection:
            return connection.execute(FILL, parameters).fetchone()

    return report


def test_two_fills_for_the_last_lot(desk: Desk) -> None:
    for number in range(ROUNDS):
        order = desk.order(quantity=1, side="buy" if number % 2 else "sell")
        results = at_once(*(reporting(desk.database, order, "1.1", 1, f"{number}{which}", 2) for which in "ab"))
        (refused,) = [result for result in results if isinstance(result, psycopg.Error)]
        assert refused.diag.constraint_name == "order_fills_order_takes_fill"
        assert desk.state(order)["status"] == "filled"


def test_the_same_report_twice_at_once(desk: Desk) -> None:
    for number in range(ROUNDS):
        order = desk.order(quantity=2)
        results = at_once(*(reporting(desk.database, order, "1.1", 1, f"same{number}", 2) for _ in range(2)))
        assert sorted(result.pop("is_new") for result in results) == [False, True]
        assert results[0] == results[1]
        assert desk.state(order)["filled_quantity"] == 1


@pytest.mark.parametrize("oms_type", ["netting", "hedging"])
def test_four_fills_that_open_the_same_position(desk: Desk, oms_type: str) -> None:
    for number in range(ROUNDS):
        desk.account = desk.new_account(oms_type=oms_type)
        orders = [desk.order(quantity=1) for _ in range(4)]
        results = at_once(*(reporting(desk.database, order, "1.1", 1, f"{number}:{order}", 0) for order in orders))
        assert not [result for result in results if isinstance(result, psycopg.Error)]
        assert len({result["position_id"] for result in results}) == 1
        position = desk.run("SELECT quantity, last_seq FROM positions WHERE account_id = %s", desk.account)
        assert position == {"quantity": 4, "last_seq": 4}


def test_fills_wait_only_where_clients_share_an_account_of_the_house(desk: Desk) -> None:
    clients = defaultdict(list)
    for _ in range(20):
        account = desk.new_account()
        clients[desk.run("SELECT house_account('USD', true, %s) AS id", account)["id"]].append(account)
    (one, neighbour, *_), (other, *_), *_ = sorted(clients.values(), key=len, reverse=True)
    orders = {account: desk.order(quantity=1, account_id=account) for account in (one, neighbour, other)}
    with desk.database.connect() as slow, desk.database.connect() as quick, slow.transaction():
        slow.execute(FILL, [orders[one], "1.1", 1, "one", 2])
        quick.execute("SET lock_timeout = '200ms'")
        quick.execute(FILL, [orders[other], "1.1", 1, "other", 2])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            quick.execute(FILL, [orders[neighbour], "1.1", 1, "neighbour", 2])


def test_a_bust_against_a_fill(desk: Desk) -> None:
    for number in range(ROUNDS):
        desk.account = desk.new_account()
        opening, closing = desk.order(quantity=1), desk.order(quantity=1, side="sell")
        trade = desk.run(FILL, opening, "1.1", 1, f"open{number}", 1)["trade_ids"][0]
        with desk.database.connect() as dealer:
            bust, fill = at_once(
                lambda dealer=dealer, trade=trade: dealer.execute(BUST, [trade]),
                reporting(desk.database, closing, "1.2", 1, f"close{number}", 1),
            )
        assert not isinstance(bust, psycopg.Error)
        assert not isinstance(fill, psycopg.Error)
        # Whichever came first: he has sold one, and bought none.
        held = desk.run("SELECT side, quantity FROM positions WHERE account_id = %s AND is_open", desk.account)
        assert held == {"side": "short", "quantity": 1}


def test_eight_clients_trade_in_five_accounts(desk: Desk) -> None:
    """With marks and swaps beside them. Nobody deadlocks: everybody locks in the same order."""
    accounts = [desk.new_account(oms_type=kind) for kind in ("netting", "netting", "netting", "hedging", "hedging")]
    instruments = [desk.new_instrument(swap_long="-0.0001", swap_short="0.00005") for _ in range(3)]
    until = monotonic() + SECONDS

    def client(number: int) -> tuple[int, list[psycopg.Error]]:
        random, fills, errors = Random(number), 0, []
        with desk.database.connect() as app:
            while monotonic() < until:
                account, instrument = random.choice(accounts), random.choice(instruments)
                is_buy, lots = random.random() < 0.5, random.randint(1, 5)
                try:
                    side, key = "buy" if is_buy else "sell", f"{number}-{fills}"
                    order = app.execute(ORDER, [account, desk.user, key, instrument, side, lots]).fetchone()["id"]
                    price, commission = (Decimal(random.randint(*cents)) / 100 for cents in ((100, 120), (0, 300)))
                    result = app.execute(FILL, [order, price, lots, key, commission]).fetchone()
                    if random.random() < 0.1:
                        app.execute(BUST, [result["trade_ids"][0]])
                except psycopg.Error as error:
                    if error.diag.constraint_name != "trades_bust_within_position":
                        errors.append(error)
                fills += 1
        return fills, errors

    def valuer(_: int) -> tuple[int, list[psycopg.Error]]:
        runs, errors = 0, []
        # Nights that are not over are the owner's to charge.
        with desk.database.connect() as app, desk.database.connect(owner=True) as owner:
            while monotonic() < until:
                try:
                    for instrument in instruments:
                        app.execute(MARK, [instrument])
                    app.execute("SELECT mark_to_market()")
                    owner.execute("SELECT charge_night(current_date + %s)", [runs])
                    # Some clients go there from now on.
                    if runs < 10:
                        desk.new_account(kind="house")
                except psycopg.Error as error:
                    errors.append(error)
                runs += 1
        return runs, errors

    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        clients = [threads.submit(client, number) for number in range(CLIENTS)]
        valued = threads.submit(valuer, 0)
        results = [future.result() for future in (*clients, valued)]
    assert [error for _, errors in results for error in errors] == []
    assert all(times > 0 for times, _ in results)
    assert desk.run("SELECT count(*) AS number FROM trades")["number"] >= sum(times for times, _ in results[:-1])


def test_no_late_fill_comes_from_a_transaction_that_does_not_see_the_others(desk: Desk) -> None:
    order, other = desk.order("canceled", quantity=1), desk.order(quantity=1, side="sell")
    late = f"{FILL[:-1]}, is_late => true, dealer => 'Ann')"
    with desk.database.connect() as dealer:
        dealer.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        dealer.execute("SELECT 1 FROM orders LIMIT 1")
        desk.run(late, order, "1.1", 1, "first", 0)
        desk.run(FILL, other, "1.1", 1, "flat again", 0)
        with pytest.raises(psycopg.errors.CheckViolation, match="reads an older state"):
            dealer.execute(late, [order, "1.1", 1, "second", 0])
        dealer.execute("ROLLBACK")
    [filled] = desk.rows("SELECT sum(fill_quantity) AS late FROM order_fills WHERE order_id = %s", order)
    assert filled["late"] == 1
