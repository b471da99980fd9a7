"""An order's life as the database keeps it: by plain SQL, whatever is tried, events and order agree."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.trading.desk import PATHS, Desk, broken, desk
from tests.trading.test_order_status_transitions import LEGAL
from trading.choices import OrderStatus
from trading.invariants import ORDER_INVARIANTS

__all__ = ["desk"]

NOBODY = UUID("00000000-0000-7000-8000-000000000000")

#: The same statuses with a part, or all, of the order filled.
FILLED_PATHS: dict[str, list[list[str | int]]] = {
    "done_for_day": [["new", 1, "done_for_day"]],
    "pending_cancel": [["new", 1, "pending_cancel"]],
    "pending_replace": [["new", 1, "pending_replace"], ["new", 2, "pending_replace"]],
    "suspended": [["new", 1, "suspended"]],
    "canceled": [["new", 1, "canceled"]],
    "expired": [["new", 1, "expired"]],
    "calculated": [["new", 1, "done_for_day", "calculated"]],
}

#: Everything that can give an order another status: (who, statement).
WAYS = [
    (False, "UPDATE orders SET status = %(to)s, reject_reason = %(reason)s WHERE id = %(order)s"),
    # A fill of a half, one or two lots.
    *[
        (
            True,
            "INSERT INTO order_fills (order_id, fill_price, fill_quantity, venue, execution_id)"
            f" VALUES (%(order)s, 1.1, {lots}, 'XOFF', 'way {lots}')",
        )
        for lots in ("0.5", "1", "2")
    ],
    # A fill of one or two lots undone.
    *[
        (
            True,
            f"UPDATE orders SET status = %(to)s, filled_quantity = filled_quantity - {lots},"
            f" filled_notional = filled_notional - 1.1 * {lots} WHERE id = %(order)s",
        )
        for lots in ("1", "2")
    ],
]


def _leads_to(connection: psycopg.Connection[Any], statement: str, order: UUID, to: str) -> bool:
    """Whether the statement makes an event that ends in that status; nothing of it stays."""
    parameters = {"order": order, "to": to, "reason": "no money" if to == "rejected" else ""}
    try:
        with connection.transaction(force_rollback=True):
            before = connection.execute("SELECT event_seq FROM orders WHERE id = %s", [order]).fetchone()
            connection.execute(statement, parameters)
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            after = connection.execute("SELECT status, event_seq FROM orders WHERE id = %s", [order]).fetchone()
    except (psycopg.errors.CheckViolation, psycopg.errors.ForeignKeyViolation):
        return False
    return after["status"] == to and after["event_seq"] > before["event_seq"]


@pytest.mark.parametrize("before", OrderStatus.values)
def test_every_change_of_status_is_possible_exactly_if_it_is_legal(desk: Desk, before: str) -> None:
    orders = [desk.order(path) for path in [PATHS[before], *FILLED_PATHS.get(before, [])]]
    assert {desk.state(order)["status"] for order in orders} == {before}
    possible = {
        after
        for after in OrderStatus.values
        if after != before or before == "partially_filled"
        for order in orders
        if any(_leads_to(desk.owner if owner else desk.app, way, order, after) for owner, way in WAYS)
    }
    assert possible == set(LEGAL.get(before, "").split())


@pytest.mark.parametrize("status", OrderStatus.values)
def test_an_order_begins_in_three_statuses_only(desk: Desk, status: str) -> None:
    columns = {"status": status, "reject_reason": "no money" if status == "rejected" else ""}
    if status in LEGAL["none"].split():
        assert desk.story(desk.new_order(**columns)["id"]) == [(status, status)]
    else:
        with refused("orders_birth", "orders_filled_by_status_check"):
            desk.new_order(**columns)


@contextmanager
def refused(*reasons: str) -> Iterator[None]:
    """PostgreSQL refuses, by one of these rules or with a message that contains one of them."""
    with pytest.raises(psycopg.Error) as caught:
        yield
    rule = caught.value.diag.constraint_name
    assert rule in reasons or any(reason in str(caught.value) for reason in reasons), f"{rule}: {caught.value}"


UPDATE = "UPDATE orders SET {} WHERE id = %(order)s"
INSERT_EVENT = (
    "INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status)"
    " VALUES (%(order)s, 3, 'modified', 'restated', 'new', 'new')"
)

#: What is tried by plain SQL as the application, on an order of which path, and the rule that refuses it.
BAD_WRITES: list[tuple[str, str | list[str | int], str, str]] = [
    (
        "a filled order goes back to pending",
        "filled",
        UPDATE.format("status = 'pending_new'"),
        "orders_filled_by_status",
    ),
    ("a canceled order lives again", "canceled", UPDATE.format("status = 'new'"), "order_audit_transition_fk"),
    (
        "a rejected order is taken up",
        "rejected",
        UPDATE.format("status = 'new', reject_reason = ''"),
        "order_audit_tran",
    ),
    ("a new order is called filled", "new", UPDATE.format("status = 'filled'"), "orders_filled_by_status_check"),
    ("a fill is called undone", "partially_filled", UPDATE.format("status = 'new'"), "orders_trade_cancel_only"),
    (
        "a filled order is called partial",
        "filled",
        UPDATE.format("status = 'partially_filled'"),
        "orders_trade_cancel_only",
    ),
    ("the filled quantity is edited", "new", UPDATE.format("filled_quantity = 1"), "permission denied"),
    ("the notional is edited", "partially_filled", UPDATE.format("filled_notional = 1"), "permission denied"),
    ("the commission is edited", "filled", UPDATE.format("commission = 5"), "permission denied"),
    ("the number of events is edited", "new", UPDATE.format("event_seq = 9"), "permission denied"),
    ("an event is written by hand", "new", INSERT_EVENT, "permission denied"),
    ("an event is deleted", "new", "DELETE FROM order_audit WHERE order_id = %(order)s", "permission denied"),
    (
        "an event is edited",
        "new",
        "UPDATE order_audit SET reason = 'x' WHERE order_id = %(order)s",
        "permission denied",
    ),
    ("an order is deleted", "new", "DELETE FROM orders WHERE id = %(order)s", "order_audit_order_id_fk"),
    ("an order gets another key", "new", UPDATE.format("id = uuidv7()"), "orders_identity_immutable"),
    ("an order gets another side", "new", UPDATE.format("side = 'sell'"), "orders_identity_immutable"),
    (
        "an order gets another type",
        "new",
        UPDATE.format("order_type = 'limit', price = 1"),
        "orders_identity_immutable",
    ),
    ("an order gets another account", "new", UPDATE.format("account_id = uuidv7()"), "orders_identity_immutable"),
    ("an order gets another user", "new", UPDATE.format("user_id = uuidv7()"), "orders_identity_immutable"),
    ("an order gets another client id", "new", UPDATE.format("client_order_id = 'x'"), "orders_identity_immutable"),
    ("an order gets another instrument", "new", UPDATE.format("instrument_id = uuidv7()"), "orders_identity_immutable"),
    ("an order was received earlier", "new", UPDATE.format("received_at = '2020-01-01'"), "orders_identity_immutable"),
    ("an order is no longer reduce-only", "new", UPDATE.format("is_reduce_only = true"), "orders_identity_immutable"),
    ("a quantity changes without a request", "new", UPDATE.format("quantity = 3"), "orders_terms_change_by_replace"),
    ("a time in force changes", "new", UPDATE.format("time_in_force = 'day'"), "orders_terms_change_by_replace"),
    (
        "a quantity changes while the request waits",
        "pending_replace",
        UPDATE.format("quantity = 3"),
        "orders_terms_change_by_replace",
    ),
    (
        "a replace request is off the step",
        "new",
        "INSERT INTO order_change_requests (order_id, kind, quantity, time_in_force)"
        " VALUES (%(order)s, 'replace', 2.05, 'gtc')",
        "orders_quantity_on_step",
    ),
    (
        "terms change that nobody asked for",
        "pending_replace",
        UPDATE.format("status = 'new', quantity = 3"),
        "orders_terms_change_by_replace",
    ),
    (
        "a replaced order is less than filled",
        ["new", 1, "pending_replace"],
        UPDATE.format("status = 'partially_filled', quantity = 0.5"),
        "orders_terms_change_by_replace",
    ),
    ("a take profit is off the tick", "new", UPDATE.format("take_profit = 1.00001"), "orders_price_on_tick"),
    ("a dead order is told again", "canceled", UPDATE.format("slippage = 1"), "order_audit_transition_fk"),
    (
        "a request is decided by hand",
        "new",
        "UPDATE order_change_requests SET status = 'accepted' WHERE order_id = %(order)s",
        "permission denied",
    ),
    (
        "a request is deleted",
        "new",
        "DELETE FROM order_change_requests WHERE order_id = %(order)s",
        "permission denied",
    ),
    (
        "a request is born accepted",
        "new",
        "INSERT INTO order_change_requests (order_id, kind, status, decided_at)"
        " VALUES (%(order)s, 'cancel', 'accepted', now())",
        "order_change_requests_birth",
    ),
    (
        "a request has a time of decision",
        "new",
        "INSERT INTO order_change_requests (order_id, kind, decided_at) VALUES (%(order)s, 'cancel', now())",
        "order_change_requests_decided_at_check",
    ),
    (
        "a request is of no known kind",
        "new",
        "INSERT INTO order_change_requests (order_id, kind) VALUES (%(order)s, 'pause')",
        "order_change_requests_kind_check",
    ),
    (
        "a cancel request has terms",
        "new",
        "INSERT INTO order_change_requests (order_id, kind, quantity) VALUES (%(order)s, 'cancel', 3)",
        "order_change_requests_terms_check",
    ),
    (
        "a replace request has no time in force",
        "new",
        "INSERT INTO order_change_requests (order_id, kind, quantity) VALUES (%(order)s, 'replace', 3)",
        "order_change_requests_terms_check",
    ),
    (
        "a replace request asks for what is there",
        "new",
        "INSERT INTO order_change_requests (order_id, kind, quantity, time_in_force)"
        " VALUES (%(order)s, 'replace', 2, 'gtc')",
        "order_change_requests_changes_terms",
    ),
    (
        "a replace request is above the maximum",
        "new",
        "INSERT INTO order_change_requests (order_id, kind, quantity, time_in_force)"
        " VALUES (%(order)s, 'replace', 1000, 'gtc')",
        "orders_quantity_within_limits",
    ),
    (
        "a dead order is asked to cancel",
        "filled",
        "INSERT INTO order_change_requests (order_id, kind) VALUES (%(order)s, 'cancel')",
        "order_audit_transition_fk",
    ),
    (
        "a request concerns no order",
        "new",
        f"INSERT INTO order_change_requests (order_id, kind) VALUES ('{NOBODY}', 'cancel')",
        "order_change_requests_event_fk",  # order_change_requests_order_id_fk would be next
    ),
]


@pytest.mark.parametrize(("sentence", "path", "statement", "rule"), BAD_WRITES, ids=[row[0] for row in BAD_WRITES])
def test_refused_as_the_application(desk: Desk, sentence: str, path: Any, statement: str, rule: str) -> None:
    order = desk.order(path)
    before = (desk.state(order), desk.events(order))
    with refused(rule), desk.app.transaction():
        desk.app.execute(statement, {"order": order})
        desk.app.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert (desk.state(order), desk.events(order)) == before


@pytest.mark.parametrize(
    ("path", "columns", "rule"),
    [
        ("canceled", {}, "order_fills_order_takes_fill"),
        ("rejected", {}, "order_fills_order_takes_fill"),
        ("expired", {}, "order_fills_order_takes_fill"),
        ("calculated", {}, "order_fills_order_takes_fill"),
        ("filled", {}, "order_fills_order_takes_fill"),
        ("suspended", {}, "order_fills_order_takes_fill"),
        ("done_for_day", {}, "order_fills_order_takes_fill"),
        ("new", {"quantity": 3}, "orders_filled_within_quantity_check"),
        ("partially_filled", {"quantity": "1.5"}, "orders_filled_within_quantity_check"),
        ("new", {"quantity": 0}, "order_fills_fill_quantity_positive_check"),
        ("new", {"quantity": -1}, "order_fills_fill_quantity_positive_check"),
        ("new", {"price": 0}, "order_fills_fill_price_positive_check"),
        ("new", {"is_late": True, "dealer": "J. Doe"}, "order_fills_late_of_dead_order"),
        ("filled", {"is_late": True, "dealer": "J. Doe"}, "order_fills_late_within_quantity"),
        ("canceled", {"is_late": True, "dealer": "J. Doe", "quantity": "2.1"}, "order_fills_late_within_quantity"),
        ("canceled", {"is_late": True}, "order_fills_late_dealer_check"),
        ("new", {"price": "NaN"}, "order_fills_finite_check"),
        ("new", {"quantity": "NaN"}, "order_fills_finite_check"),
        ("new", {"fill_commission": "NaN", "commission_currency": "USD"}, "order_fills_finite_check"),
        ("canceled", {"price": "NaN", "is_late": True, "dealer": "J. Doe"}, "order_fills_finite_check"),
    ],
)
def test_a_fill_is_refused_to_everybody(desk: Desk, path: str, columns: dict[str, Any], rule: str) -> None:
    order = desk.order(path)
    before = (desk.state(order), desk.events(order))
    with refused(rule):
        desk.fill(order, **columns)
    assert (desk.state(order), desk.events(order)) == before


def test_an_execution_counts_once(desk: Desk) -> None:
    order = desk.order("new")
    desk.fill(order, execution_id="once")
    with refused("order_fills_execution_id_uniq"):
        desk.fill(order, execution_id="once")
    assert desk.state(order)["filled_quantity"] == 1


def test_a_commission_in_another_currency_is_refused(desk: Desk) -> None:
    order = desk.order("new")
    desk.fill(order, fill_commission="0.5", commission_currency="USD")
    with refused("order_fills_commission_currency_same"):
        desk.fill(order, fill_commission="0.5", commission_currency="EUR")
    assert (desk.state(order)["commission"], desk.state(order)["commission_currency"]) == (Decimal("0.5"), "USD")


def test_a_late_fill_is_kept_and_leaves_the_order_as_it_is(desk: Desk) -> None:
    order = desk.order(["new", 1, "canceled"])
    before = (desk.state(order), desk.events(order))
    desk.fill(order, is_late=True, dealer="J. Doe")
    assert (desk.state(order), desk.events(order)) == before
    with refused("order_fills_late_within_quantity"):
        desk.fill(order, is_late=True, dealer="J. Doe", quantity="0.1")


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"order_type": "limit", "price": "1.00001"}, "orders_price_on_tick"),
        ({"order_type": "stop", "stop_price": "1.00001"}, "orders_price_on_tick"),
        ({"order_type": "stop_limit", "stop_price": "1", "limit_price": "1.00004"}, "orders_price_on_tick"),
        ({"order_type": "trailing_stop", "trailing_distance": "0.00002"}, "orders_price_on_tick"),
        ({"stop_loss": "1.00001"}, "orders_price_on_tick"),
        ({"quantity": "1.05"}, "orders_quantity_on_step"),
        ({"quantity": "0.00000001"}, "orders_quantity_on_step"),
        ({"quantity": "100.1"}, "orders_quantity_within_limits"),
        ({"quantity": "NaN"}, "orders_finite_check"),
        ({"stop_loss": "NaN", "status": "rejected", "reject_reason": "no number"}, "orders_finite_check"),
        ({"instrument_id": NOBODY}, "orders_instrument_id_fk"),
    ],
)
def test_an_order_off_its_instruments_terms_is_refused(desk: Desk, columns: dict[str, Any], rule: str) -> None:
    with refused(rule):
        desk.new_order(**columns)
    if rule.startswith("orders_price"):
        # What is refused by the broker, too, is written down as it was asked for.
        desk.new_order(status="rejected", reject_reason="off the tick", **columns)


def test_an_order_below_the_minimum_is_refused(desk: Desk) -> None:
    instrument = desk.new_instrument(min_quantity="0.5")
    with refused("orders_quantity_within_limits"):
        desk.new_order(instrument_id=instrument, quantity="0.4")
    desk.new_order(instrument_id=instrument, quantity="0.5")


@pytest.mark.parametrize("change", ["is_tradable = false", "is_active = false", "deleted_at = now()"])
def test_an_instrument_that_is_off_takes_no_orders(desk: Desk, change: str) -> None:
    instrument = desk.new_instrument()
    before = desk.order("new", instrument_id=instrument)
    desk.run(f"UPDATE instruments SET {change} WHERE id = %s", instrument)
    with refused("orders_instrument_tradable"):
        desk.new_order(instrument_id=instrument)
    desk.move(before, "canceled")


@pytest.mark.parametrize(
    "change",
    ["is_active = false", "is_locked = true, locked_reason = 'fraud'", "is_active = false, deleted_at = now()"],
)
def test_an_account_that_is_off_places_no_orders(desk: Desk, change: str) -> None:
    account = desk.new_account()
    before = desk.order("new", account_id=account)
    desk.run(f"UPDATE accounts SET {change} WHERE id = %s", account)
    with refused("orders_account_tradable"):
        desk.new_order(account_id=account)
    desk.move(before, "canceled")


# Events -------------------------------------------------------------------------------------------


def test_a_life_is_told_event_by_event(desk: Desk) -> None:
    order = desk.order(["new", 1])
    desk.run("UPDATE orders SET lp_order_id = 'LP1' WHERE id = %s", order)
    desk.request(order, "replace", quantity=3, time_in_force="day")
    desk.fill(order, quantity="0.5")
    desk.run("UPDATE orders SET status = 'partially_filled', quantity = 3, time_in_force = 'day' WHERE id = %s", order)
    desk.request(order, "cancel")
    desk.run("UPDATE orders SET status = 'canceled' WHERE id = %s", order)
    assert [(e["event_type"], e["exec_type"], e["previous_status"], e["new_status"]) for e in desk.events(order)] == [
        ("received", "pending_new", "none", "pending_new"),
        ("accepted", "new", "pending_new", "new"),
        ("filled", "trade", "new", "partially_filled"),
        ("routed", "restated", "partially_filled", "partially_filled"),
        ("replace_requested", "pending_replace", "partially_filled", "pending_replace"),
        ("filled", "trade", "pending_replace", "pending_replace"),
        ("replaced", "replaced", "pending_replace", "partially_filled"),
        ("cancel_requested", "pending_cancel", "partially_filled", "pending_cancel"),
        ("canceled", "canceled", "pending_cancel", "canceled"),
    ]
    data = [event["data"] for event in desk.events(order)]
    assert data[0] == {"quantity": [None, 2], "time_in_force": [None, "gtc"]}
    assert data[2].keys() == {"filled_quantity", "filled_notional"}
    assert data[3] == {"lp_order_id": ["", "LP1"]}
    assert data[6] == {"quantity": [2, 3], "time_in_force": ["gtc", "day"]}
    assert desk.events(order)[2]["venue"] == "XOFF"
    assert [
        (request["kind"], request["status"])
        for request in desk.rows("SELECT * FROM order_change_requests WHERE order_id = %s ORDER BY seq", order)
    ] == [("replace", "accepted"), ("cancel", "accepted")]


def test_what_changes_nothing_is_no_event(desk: Desk) -> None:
    order = desk.order("new")
    desk.run("UPDATE orders SET status = status, metadata = '{\"desk\": 1}' WHERE id = %s", order)
    assert desk.story(order) == [("pending_new", "pending_new"), ("new", "new")]
    assert desk.state(order)["event_seq"] == 2


def test_an_event_says_who_and_why(desk: Desk) -> None:
    order = desk.order("new")
    with desk.app.transaction():
        desk.app.execute(
            "SELECT set_config('trading.actor', 'desk 7', true), set_config('trading.reason', 'end', true)"
        )
        desk.app.execute("UPDATE orders SET status = 'canceled' WHERE id = %s", [order])
    assert [(event["triggered_by"], event["reason"]) for event in desk.events(order)] == [("", "")] * 2 + [
        ("desk 7", "end")
    ]


def test_times_are_kept(desk: Desk) -> None:
    state = desk.state(desk.order("filled"))
    assert state["submitted_at"] is not None
    assert state["filled_at"] is not None
    assert desk.state(desk.order("canceled"))["canceled_at"] is not None
    assert desk.state(desk.order("expired"))["expired_at"] is not None


def test_a_bust_takes_the_order_back(desk: Desk) -> None:
    order = desk.order("filled")
    with desk.owner.transaction(force_rollback=True):
        change = "status = 'new', filled_quantity = 0, filled_notional = 0"
        state = desk.run(f"UPDATE orders SET {change} WHERE id = %s RETURNING *", order, owner=True)
        event = desk.run("SELECT * FROM order_audit WHERE order_id = %s AND seq = 4", order, owner=True)
    assert (event["event_type"], event["exec_type"]) == ("fill_canceled", "trade_cancel")
    assert state["filled_at"] is None


def test_one_request_waits_at_a_time(desk: Desk) -> None:
    order = desk.order("new")
    desk.request(order, "replace", quantity=3, time_in_force="gtc")
    desk.request(order, "cancel")  # it refuses the first
    with refused("order_change_requests_event_uniq"):
        desk.request(order, "cancel")
    desk.run("UPDATE orders SET slippage = 1 WHERE id = %s", order)
    with refused("order_change_requests_pending_uniq"):
        desk.request(order, "cancel")
    requests = desk.rows("SELECT kind, status FROM order_change_requests WHERE order_id = %s ORDER BY seq", order)
    assert requests == [{"kind": "replace", "status": "rejected"}, {"kind": "cancel", "status": "pending"}]


def test_a_full_fill_ends_the_waiting_of_a_request(desk: Desk) -> None:
    order = desk.order("new")
    desk.request(order, "cancel")
    desk.fill(order, quantity=2)
    assert desk.story(order)[-1] == ("trade", "filled")
    assert desk.run("SELECT status FROM order_change_requests WHERE order_id = %s", order) == {"status": "rejected"}


def test_average_and_remaining_follow_the_fills(desk: Desk) -> None:
    order = desk.order("new", quantity=3)
    desk.fill(order, price="1.1")
    desk.fill(order, price="1.11000001", quantity="0.5")
    desk.fill(order, price="1.11000001", quantity="0.5")
    state = desk.state(order)
    assert state["average_fill_price"] == Decimal("1.10500001")  # a tie goes up: 2.21000001 / 2
    assert state["remaining_quantity"] == 1
    desk.move(order, "canceled")
    assert desk.state(order)["remaining_quantity"] == 0


# What not even the owner may --------------------------------------------------------------------------------

#: Changes of a good third event of an order that is new.
BAD_EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("order_audit_seq_positive_check", {"seq": 0}),
    ("order_audit_event_type_check", {"event_type": "forgotten"}),
    ("order_audit_transition_fk", {"exec_type": "fill"}),
    ("order_audit_transition_fk", {"previous_status": "cancelled"}),
    ("order_audit_transition_fk", {"new_status": "none"}),
    ("order_audit_first_event_check", {"previous_status": "none"}),
    ("order_audit_first_event_check", {"seq": 1}),
    ("order_audit_order_seq_uniq", {"seq": 2, "previous_status": "pending_new"}),
    ("order_audit_transition_fk", {"exec_type": "trade"}),
    ("order_audit_transition_fk", {"new_status": "pending_new"}),
    ("order_audit_chain_fk", {"previous_status": "suspended"}),
    ("order_audit_chain_fk", {"seq": 4}),
    (
        "order_audit_order_id_fk",
        {
            "order_id": NOBODY,
            "seq": 1,
            "previous_status": "none",
            "new_status": "pending_new",
            "exec_type": "pending_new",
        },
    ),
]


@pytest.mark.parametrize(("rule", "columns"), BAD_EVENTS)
def test_an_event_out_of_the_chain_is_refused_to_the_owner(desk: Desk, rule: str, columns: dict[str, Any]) -> None:
    event = {
        "order_id": desk.order("new"),
        "seq": 3,
        "event_type": "modified",
        "exec_type": "restated",
        "previous_status": "new",
        "new_status": "new",
        **columns,
    }
    with refused(rule):
        desk.insert("order_audit", event, owner=True)


def test_a_change_without_its_event_cannot_be_committed(desk: Desk) -> None:
    order = desk.order("new")
    with refused("orders_head_fk"), desk.owner.transaction():
        desk.owner.execute("ALTER TABLE orders DISABLE TRIGGER orders_record")
        desk.owner.execute("UPDATE orders SET status = 'canceled' WHERE id = %s", [order])
    assert desk.state(order)["status"] == "new"


def test_an_event_without_its_change_is_found(desk: Desk) -> None:
    order = desk.order("new")
    with desk.owner.transaction(force_rollback=True):
        desk.owner.execute(INSERT_EVENT, {"order": order})
        head = next(invariant for invariant in ORDER_INVARIANTS if invariant.name == "orders_head")
        assert [row["id"] for row in desk.owner.execute(head.sql).fetchall()] == [str(order)]


def test_a_request_out_of_the_chain_is_refused_to_the_owner(desk: Desk) -> None:
    order = desk.order("new")
    first = desk.request(order, "cancel")
    desk.run("UPDATE orders SET status = 'new' WHERE id = %s", order)
    second = desk.request(order, "cancel")
    for rule, change in [
        ("order_change_requests_event_uniq", f"seq = {first['seq']}"),
        ("order_change_requests_event_fk", "seq = 99"),
        ("order_change_requests_status_check", "status = 'open', decided_at = now()"),
        ("order_change_requests_decided_at_check", "status = 'accepted'"),
    ]:
        with refused(rule):
            desk.run(f"UPDATE order_change_requests SET {change} WHERE id = %s", second["id"], owner=True)
    for statement in ("DELETE FROM order_change_requests", "TRUNCATE order_change_requests"):
        with refused("is append-only"):
            desk.run(statement, owner=True)


def test_keys_of_the_chain_have_their_targets(desk: Desk) -> None:
    """order_audit_head_uniq never refuses by itself: the number of an event is unique already."""
    definition = desk.run(
        "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = 'order_audit_head_uniq'"
    )
    assert definition == {"text": "UNIQUE (order_id, seq, new_status)"}


def test_no_column_of_an_order_changes_unseen(desk: Desk) -> None:
    """A column is immutable, or an event tells its change, or it follows from others."""
    source = {
        row["proname"]: row["prosrc"]
        for row in desk.rows(
            "SELECT proname, prosrc FROM pg_proc WHERE proname IN ('guard_order_terms', 'record_order_event')"
        )
    }
    guarded = re.split("orders_identity_immutable|orders_terms_change_by_replace", source["guard_order_terms"])
    identity, terms = (set(re.findall(r"OLD\.(\w+)", part)) - {"status"} for part in guarded[:2])
    told = set(re.findall(r"'(\w+)', CASE WHEN NEW\.\1 ", source["record_order_event"]))
    follow = {"status", "event_seq", "metadata", "updated_at", "remaining_quantity", "average_fill_price"}
    columns = desk.rows(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    assert identity | told | follow == {row["attname"] for row in columns}
    assert not identity & told
    # Who changes one of these names it: that has the guard called.
    named = desk.rows(
        "SELECT attname FROM pg_trigger JOIN pg_attribute ON attrelid = tgrelid AND attnum = ANY (tgattr)"
        " WHERE tgname = 'orders_guard_terms'"
    )
    assert identity | terms == {row["attname"] for row in named}


def test_an_order_gets_the_terms_that_were_asked_for(desk: Desk) -> None:
    order = desk.order("new")
    desk.request(order, "replace", quantity=5, time_in_force="gtc")
    with refused("orders_terms_change_by_replace"):
        desk.run("UPDATE orders SET status = 'new', quantity = 3 WHERE id = %s", order)
    with refused("orders_terms_change_by_replace"):
        desk.run("UPDATE orders SET status = 'new', quantity = 5, time_in_force = 'day' WHERE id = %s", order)
    desk.run("UPDATE orders SET status = 'new', quantity = 5 WHERE id = %s", order)
    assert desk.run("SELECT status FROM order_change_requests WHERE order_id = %s", order) == {"status": "accepted"}


def test_every_invariant_holds_of_all_that_was_done_here(desk: Desk) -> None:
    assert broken(desk.database) == {}
