"""Several clients want the same of an order at once: one gets it, the others are told, and the books agree."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.db import connections

from tests.databases import Database
from tests.rows import accounts
from tests.rows import trading as rows
from tests.trading.desk import Desk, broken
from trading import services
from trading.errors import WrongStatus
from trading.models import Order
from trading.pretrade import NewOrder

ROUNDS = 20


@pytest.fixture
def desk(live_database: Database) -> Iterator[Desk]:
    desk = Desk(live_database)
    yield desk
    desk.close()
    assert broken(live_database) == {}


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What each returned, or the error that it raised, begun at the same moment in threads of their own."""
    start = Barrier(len(actions))

    def act(action: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return action()
        except (psycopg.Error, WrongStatus) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as threads:
        return [*threads.map(act, actions)]


FILL = (
    "INSERT INTO order_fills (order_id, fill_price, fill_quantity, venue, execution_id)"
    " VALUES (%s, 1.1, %s, 'XOFF', %s)"
)


def test_two_fills_for_the_last_lot(desk: Desk) -> None:
    with desk.database.connect(owner=True) as one, desk.database.connect(owner=True) as two:
        for number in range(ROUNDS):
            order = desk.order(["new", 1])
            results = at_once(
                lambda order=order, number=number: one.execute(FILL, [order, 1, f"a{number}"]),
                lambda order=order, number=number: two.execute(FILL, [order, 1, f"b{number}"]),
            )
            (refused,) = [result for result in results if isinstance(result, psycopg.Error)]
            assert refused.diag.constraint_name == "order_fills_order_takes_fill"
            state = desk.state(order)
            assert (state["status"], state["filled_quantity"]) == ("filled", 2)


def test_two_fills_that_fit_one_by_one_only(desk: Desk) -> None:
    with desk.database.connect(owner=True) as one, desk.database.connect(owner=True) as two:
        for number in range(ROUNDS):
            order = desk.order("new")
            results = at_once(
                lambda order=order, number=number: one.execute(FILL, [order, "1.5", f"a{number}"]),
                lambda order=order, number=number: two.execute(FILL, [order, "1.5", f"b{number}"]),
            )
            (refused,) = [result for result in results if isinstance(result, psycopg.Error)]
            assert refused.diag.constraint_name == "orders_filled_within_quantity_check"
            assert desk.state(order)["filled_quantity"] == Decimal("1.5")


def test_cancel_against_fill(desk: Desk) -> None:
    ends = set()
    with desk.database.connect(owner=True) as venue:
        for number in range(ROUNDS):
            order = desk.order("new")
            canceled, filled = at_once(
                lambda order=order: services.cancel_order(order_id=order),
                lambda order=order, number=number: venue.execute(FILL, [order, 2, f"f{number}"]),
            )
            state = desk.state(order)
            ends.add(state["status"])
            if state["status"] == "canceled":
                assert isinstance(canceled, Order)
                assert isinstance(filled, psycopg.Error)
                assert filled.diag.constraint_name == "order_fills_order_takes_fill"
                assert state["filled_quantity"] == 0
            else:
                assert state["status"] == "filled"
                assert isinstance(canceled, WrongStatus)
                assert not isinstance(filled, psycopg.Error)
    assert ends <= {"canceled", "filled"}


def test_cancel_against_cancel(desk: Desk) -> None:
    for _ in range(ROUNDS):
        order = desk.order("new")
        results = at_once(*[lambda order=order: services.cancel_order(order_id=order)] * 3)
        assert {result.status for result in results} == {"canceled"}
        assert desk.story(order)[2:] == [("pending_cancel", "pending_cancel"), ("canceled", "canceled")]


def test_the_same_order_from_many_clients_at_once(live_database: Database) -> None:
    for number in range(ROUNDS // 4):
        asked = NewOrder(
            account_id=accounts.account().pk,
            client_order_id=f"same-{number}",
            instrument_id=rows.instrument().pk,
            order_type="market",
            side="buy",
            quantity=Decimal(1),
        )
        results = at_once(*[lambda asked=asked: services.submit_order(order=asked).pk] * 8)
        assert len(set(results)) == 1
    orders = live_database.rows("SELECT count(*) AS orders, sum(event_seq) AS events FROM orders")
    assert orders == [{"orders": ROUNDS // 4, "events": ROUNDS // 4}]
    assert broken(live_database) == {}


def test_expiry_leaves_what_somebody_is_writing(desk: Desk) -> None:
    held, free = (desk.order("new", time_in_force="gtd", good_till_date="2100-01-01") for _ in range(2))
    now = desk.run("SELECT timestamptz '2100-01-02' AS now")["now"]
    with desk.app.transaction():
        desk.app.execute("UPDATE orders SET slippage = 1 WHERE id = %s", [held])
        assert services.expire_orders(now=now) == [free]
    assert services.expire_orders(now=now) == [held]


def test_terms_of_an_instrument_against_an_order(desk: Desk) -> None:
    """Who comes second waits for the first, and sees what he has written."""
    change = "UPDATE instruments SET quantity_step = 1, min_quantity = 1 WHERE id = %s"
    with desk.database.connect() as back_office:
        back_office.execute("SET lock_timeout = '200ms'")
        with desk.app.transaction():
            desk.new_order(quantity="0.1")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                back_office.execute(change, [desk.instrument])
        with pytest.raises(psycopg.errors.CheckViolation, match="held or ordered"):
            back_office.execute(change, [desk.instrument])

        other = desk.new_instrument()
        back_office.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        back_office.execute("SELECT 1 FROM orders LIMIT 1")
        desk.new_order(quantity="0.1", instrument_id=other)
        with pytest.raises(psycopg.errors.CheckViolation, match="reads an older state"):
            back_office.execute(change, [other])
        back_office.execute("ROLLBACK")
