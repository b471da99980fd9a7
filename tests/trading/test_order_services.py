"""The services of orders: one door per business event, safe to knock at twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import IntegrityError, transaction

from tests.rows import accounts
from tests.rows import trading as rows
from trading import pretrade, services
from trading.errors import DuplicateOrder, OrderNotFound, WrongStatus
from trading.models import Order, OrderChangeRequest
from trading.pretrade import NewOrder

pytestmark = pytest.mark.django_db

NOBODY = UUID("00000000-0000-7000-8000-000000000000")


@pytest.fixture
def asked() -> NewOrder:
    return new_order()


def new_order(**columns: Any) -> NewOrder:
    values = {
        "client_order_id": "one",
        "order_type": "limit",
        "side": "buy",
        "quantity": Decimal(2),
        "price": Decimal("1.1"),
    }
    if "account_id" not in columns:
        values["account_id"] = accounts.account().pk
    if "instrument_id" not in columns:
        values["instrument_id"] = rows.instrument().pk
    return NewOrder(**{**values, **columns})


def working(**columns: Any) -> Order:
    """An order that has been acknowledged."""
    order = services.submit_order(order=new_order(**columns))
    return services.acknowledge_order(order_id=order.pk)


def story(order: Order) -> list[str]:
    return [event.event_type for event in order.events.order_by("seq")]


@contextmanager
def breaks(rule: str) -> Iterator[None]:
    with pytest.raises(IntegrityError) as caught:
        yield
    assert isinstance(caught.value.__cause__, psycopg.Error)
    assert caught.value.__cause__.diag.constraint_name == rule


def test_an_order_comes_from_an_earlier_one_of_its_account(asked: NewOrder, sql: Any) -> None:
    parent = services.submit_order(order=asked)
    child = new_order(client_order_id="two", account_id=asked.account_id, parent_order_id=parent.pk)
    assert services.submit_order(order=child).parent_order_id == parent.pk
    with breaks("orders_parent_of_account"), transaction.atomic():
        services.submit_order(order=new_order(parent_order_id=parent.pk))
    # Each the other's parent, by one statement.
    with breaks("orders_parent_of_account"):
        sql(
            "INSERT INTO orders (id, parent_order_id, client_order_id, account_id, user_id, instrument_id, order_type,"
            "                    side, quantity)"
            " SELECT ids[number], ids[3 - number], 'round' || number, account_id, user_id, instrument_id, 'market',"
            "        side, quantity"
            "   FROM orders, (SELECT ARRAY[uuidv7(), uuidv7()] AS ids) AS pair, generate_series(1, 2) AS number"
            "  WHERE orders.id = %s",
            [parent.pk],
        )


def test_an_order_is_taken_and_told(asked: NewOrder) -> None:
    order = services.submit_order(order=asked, actor="web", reason="dip")
    assert (order.status, order.event_seq, order.user_id) == ("pending_new", 1, order.account.user_id)
    event = order.events.get()
    assert (event.event_type, event.triggered_by, event.reason) == ("received", "web", "dip")


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"time_in_force": "gtd", "good_till_date": datetime(2030, 1, 1, 12, 30, 0, 123456, tzinfo=UTC)},
        {"take_profit": Decimal("1.2"), "stop_loss": Decimal("1.0")},
    ],
)
def test_the_same_order_again_is_the_same_order_whatever_has_become_of_it(terms: dict[str, Any]) -> None:
    asked = new_order(**terms)
    first = services.submit_order(order=asked)
    assert services.submit_order(order=asked).pk == first.pk
    services.acknowledge_order(order_id=first.pk)
    services.replace_order(order_id=first.pk, quantity=Decimal(3))
    services.cancel_order(order_id=first.pk)
    again = services.submit_order(order=asked)
    assert (again.pk, again.status, again.quantity) == (first.pk, "canceled", 3)


def test_the_same_order_again_is_the_same_order_also_after_its_date() -> None:
    now = datetime.now(UTC)
    terms = {
        "time_in_force": "gtd",
        "good_till_date": now - timedelta(minutes=1),
        "order_type": "market",
        "price": None,
    }
    first = rows.order(client_order_id="one", quantity=Decimal(2), received_at=now - timedelta(minutes=2), **terms)
    asked = new_order(account_id=first.account_id, instrument_id=first.instrument_id, **terms)
    assert services.submit_order(order=asked).pk == first.pk
    with pytest.raises(DuplicateOrder, match="differs in quantity"):
        services.submit_order(order=NewOrder(**{**vars(asked), "quantity": Decimal(3)}))
    with breaks("orders_good_till_date_after_receipt_check"):
        services.submit_order(order=NewOrder(**{**vars(asked), "client_order_id": "two"}))


@pytest.mark.parametrize(
    "other", [{"side": "sell"}, {"quantity": Decimal(3)}, {"price": Decimal("1.2")}, {"time_in_force": "day"}]
)
def test_another_order_under_the_same_id_is_refused(asked: NewOrder, other: dict[str, Any]) -> None:
    first = services.submit_order(order=asked)
    with pytest.raises(DuplicateOrder, match=f"taken by order {first.pk}, which differs in {next(iter(other))}"):
        services.submit_order(order=NewOrder(**{**vars(asked), **other}))


def test_an_order_of_no_account_is_refused(asked: NewOrder) -> None:
    with pytest.raises(OrderNotFound, match=f"no account {NOBODY}"):
        services.submit_order(order=NewOrder(**{**vars(asked), "account_id": NOBODY}))


def test_a_broken_rule_is_named(asked: NewOrder) -> None:
    with breaks("orders_price_on_tick"):
        services.submit_order(order=NewOrder(**{**vars(asked), "price": Decimal("1.100001")}))


def test_a_check_of_a_higher_app_has_the_order_rejected(asked: NewOrder) -> None:
    @pretrade.register
    def too_large(order: NewOrder) -> str:
        return "too large" if order.quantity > 1 else ""

    try:
        order = services.submit_order(order=asked)
        assert (order.status, order.reject_reason) == ("rejected", "too large")
        assert order.events.get().reason == "too large"
        # Asked again, it is the same order: the client is told the same.
        assert services.submit_order(order=asked).pk == order.pk
    finally:
        pretrade.unregister(too_large)
    assert pretrade.reason_to_refuse(asked) == ""


def test_acknowledged_twice_is_acknowledged_once(asked: NewOrder) -> None:
    order = services.submit_order(order=asked)
    for _ in range(2):
        assert services.acknowledge_order(order_id=order.pk, lp_order_id="LP7", actor="fix").lp_order_id == "LP7"
    assert story(order) == ["received", "accepted"]
    services.cancel_order(order_id=order.pk)
    with pytest.raises(WrongStatus, match=f"Order {order.pk} is canceled: it can become new only while it is pending"):
        services.acknowledge_order(order_id=order.pk)
    with pytest.raises(OrderNotFound, match="no order"):
        services.acknowledge_order(order_id=NOBODY)


def test_rejected_with_the_reason_that_the_client_is_told(asked: NewOrder) -> None:
    order = services.submit_order(order=asked)
    for _ in range(2):
        order = services.reject_order(order_id=order.pk, reason="no money", actor="risk")
    assert (order.status, order.reject_reason, story(order)) == ("rejected", "no money", ["received", "rejected"])


def test_a_cancel_is_asked_for_and_accepted() -> None:
    order = working()
    request = services.request_cancel(order_id=order.pk, actor="client")
    assert services.request_cancel(order_id=order.pk).pk == request.pk
    assert (request.status, request.requested_by, request.seq) == ("pending", "client", 3)
    assert services.accept_cancel(order_id=order.pk).status == "canceled"
    assert services.cancel_order(order_id=order.pk).event_seq == 4  # it is canceled already
    request.refresh_from_db()
    assert (request.status, request.decided_at is not None) == ("accepted", True)
    with pytest.raises(WrongStatus, match="is canceled: it can be canceled only while"):
        services.request_cancel(order_id=order.pk)


def test_a_cancel_is_refused_and_the_order_worked_on() -> None:
    order = working()
    services.request_cancel(order_id=order.pk)
    assert services.reject_cancel(order_id=order.pk, reason="in the auction").status == "new"
    assert story(order)[-2:] == ["cancel_requested", "resumed"]
    assert OrderChangeRequest.objects.get(order=order).status == "rejected"
    with pytest.raises(WrongStatus):
        services.accept_cancel(order_id=order.pk)


def test_a_cancel_overtakes_a_replace() -> None:
    order = working()
    services.request_replace(order_id=order.pk, quantity=Decimal(3))
    assert services.cancel_order(order_id=order.pk).quantity == 2
    requests = OrderChangeRequest.objects.filter(order=order).order_by("seq").values_list("kind", "status")
    assert [*requests] == [("replace", "rejected"), ("cancel", "accepted")]


@pytest.mark.parametrize("status", ["done_for_day", "stopped"])
def test_who_waits_for_nobody_is_canceled_at_once(status: str) -> None:
    order = working()
    Order.objects.filter(pk=order.pk).update(status=status)
    assert services.cancel_order(order_id=order.pk).status == "canceled"


def test_a_replace_changes_what_it_names() -> None:
    order = working(time_in_force="gtd", good_till_date=datetime(2030, 1, 1, tzinfo=UTC))
    order = services.replace_order(order_id=order.pk, price=Decimal("1.2"), actor="client")
    assert (order.price, order.quantity, order.time_in_force, order.status) == (Decimal("1.2"), 2, "gtd", "new")
    order = services.replace_order(order_id=order.pk, time_in_force="day")
    assert (order.time_in_force, order.good_till_date) == ("day", None)
    assert story(order)[2:] == ["replace_requested", "replaced"] * 2


def test_a_replace_that_waits_is_asked_for_once_and_refused() -> None:
    order = working()
    request = services.request_replace(order_id=order.pk, quantity=Decimal(3))
    assert services.request_replace(order_id=order.pk, quantity=Decimal(3)).pk == request.pk
    with pytest.raises(WrongStatus):
        services.request_replace(order_id=order.pk, quantity=Decimal(4))
    # What is not given stays as the order has it: this asks for another price than the request that waits.
    services.reject_replace(order_id=order.pk)
    services.request_replace(order_id=order.pk, quantity=Decimal(3), price=Decimal("1.2"))
    with pytest.raises(WrongStatus):
        services.request_replace(order_id=order.pk, quantity=Decimal(3))
    order = services.reject_replace(order_id=order.pk)
    assert (order.status, order.quantity) == ("new", 2)
    with pytest.raises(WrongStatus, match="it can be replaced only while it is pending_replace"):
        services.accept_replace(order_id=order.pk)


def test_a_replace_that_breaks_a_rule_leaves_the_order(asked: NewOrder) -> None:
    order = working()
    with breaks("orders_quantity_within_limits"):
        services.replace_order(order_id=order.pk, quantity=Decimal(1000))


def test_what_is_over_expires() -> None:
    received = datetime.now(UTC)
    due = working(time_in_force="gtd", good_till_date=received + timedelta(hours=1))
    later = working(time_in_force="gtd", good_till_date=received + timedelta(days=9))
    day = working(time_in_force="day")
    until_canceled = working()
    services.request_cancel(order_id=due.pk)
    expired = services.expire_orders(now=received + timedelta(days=2), limit=1)
    expired += services.expire_orders(now=received + timedelta(days=2))
    assert set(expired) == {due.pk, day.pk}
    due.refresh_from_db()
    assert (due.status, due.expired_at) == ("expired", received + timedelta(days=2))
    assert {order.status for order in Order.objects.filter(pk__in=[later.pk, until_canceled.pk])} == {"new"}
    assert services.expire_orders(now=received + timedelta(days=2)) == []


def test_a_day_ends_in_the_instruments_zone() -> None:
    order = working(time_in_force="day", instrument_id=rows.instrument(time_zone="Pacific/Auckland").pk)
    local = order.received_at.astimezone(ZoneInfo("Pacific/Auckland"))
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
    assert services.expire_orders(now=midnight - timedelta(microseconds=1)) == []
    assert services.expire_orders(now=midnight) == [order.pk]


def test_a_zone_that_nobody_knows_is_refused_before_an_order_waits_for_its_day(sql: Any, refused: Any) -> None:
    """One would end the expiry of all orders."""
    order = working(time_in_force="day")
    with refused("instruments_time_zone_known"):
        sql("UPDATE instruments SET time_zone = 'Mars/Phobos' WHERE id = %s", [order.instrument_id])
    with refused("instruments_time_zone_known"):
        rows.instrument(time_zone="")
    assert services.expire_orders(now=datetime.now(UTC) + timedelta(days=2)) == [order.pk]
