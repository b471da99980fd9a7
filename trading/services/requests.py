"""Cancel and replace: asked for, then accepted or refused, as FIX has it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import router, transaction

from config.database.statements import columns, one_statement, write
from trading.choices import OrderRequestKind, OrderRequestStatus, OrderStatus, TimeInForce
from trading.models import Order, OrderChangeRequest
from trading.services.statements import ACTS, move_order, written_order, wrong_status

_CANCELABLE = [
    OrderStatus.PENDING_NEW,
    OrderStatus.NEW,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.PENDING_REPLACE,
    OrderStatus.SUSPENDED,
]
#: Canceled without a request that waits: nobody works on them, or they are guaranteed.
_CANCELED_AT_ONCE = [OrderStatus.DONE_FOR_DAY, OrderStatus.STOPPED]
_REPLACEABLE = [OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED]

# The lock has a status that changes meanwhile looked at again.
_REQUEST_CANCEL = f"""
    INSERT INTO order_change_requests (order_id, kind, requested_by)
    SELECT orders.id, 'cancel', %(actor)s::text FROM orders
     WHERE orders.id = %(order_id)s AND orders.status = ANY (%(statuses)s) AND {ACTS}
       FOR NO KEY UPDATE OF orders
    RETURNING {columns(OrderChangeRequest)}
"""

# What is not given stays as it is; with the time in force its date is given, too.
_REQUEST_REPLACE = f"""
    INSERT INTO order_change_requests (order_id, kind, quantity, price, stop_price, limit_price, trailing_distance,
                                       time_in_force, good_till_date, requested_by)
    SELECT orders.id, 'replace', coalesce(%(quantity)s, quantity), coalesce(%(price)s, price),
           coalesce(%(stop_price)s, stop_price), coalesce(%(limit_price)s, limit_price),
           coalesce(%(trailing_distance)s, trailing_distance), coalesce(%(time_in_force)s, time_in_force),
           CASE WHEN %(time_in_force)s::text IS NULL THEN coalesce(%(good_till_date)s, good_till_date)
                ELSE %(good_till_date)s END,
           %(actor)s::text
      FROM orders
     WHERE orders.id = %(order_id)s AND orders.status = ANY (%(statuses)s) AND {ACTS}
       FOR NO KEY UPDATE OF orders
    RETURNING {columns(OrderChangeRequest)}
"""

# Not below what is filled already: that much was bought or sold.
_ACCEPT_REPLACE = f"""
    UPDATE orders
       SET quantity = greatest(r.quantity, filled_quantity), price = r.price, stop_price = r.stop_price,
           limit_price = r.limit_price, trailing_distance = r.trailing_distance, time_in_force = r.time_in_force,
           good_till_date = r.good_till_date,
           status = CASE WHEN filled_quantity = 0 THEN 'new' WHEN filled_quantity < r.quantity THEN 'partially_filled'
                         ELSE 'filled' END
      FROM order_change_requests r
     WHERE orders.id = %(order_id)s AND orders.status = 'pending_replace'
       AND r.order_id = orders.id AND r.status = 'pending' AND r.kind = 'replace' AND {ACTS}
    RETURNING {columns(Order)}
"""

_RESUME = f"""
    UPDATE orders
       SET status = CASE WHEN filled_quantity = 0 THEN 'new' WHEN filled_quantity < quantity THEN 'partially_filled'
                         ELSE 'filled' END
     WHERE orders.id = %(order_id)s AND orders.status = %(status)s AND {ACTS}
    RETURNING {columns(Order)}
"""


@one_statement
def request_cancel(*, order_id: UUID, actor: str = "", reason: str = "") -> OrderChangeRequest:
    """Ask for the rest of an order to be canceled: it becomes `pending_cancel`, and may still be filled.

    A replace request that waits is refused by it. Who asks twice gets the request that waits. Raises OrderNotFound;
    WrongStatus for an order that is dead, done for the day or stopped.
    """
    parameters = {"order_id": order_id, "statuses": _CANCELABLE, "actor": actor, "reason": reason}
    return write(OrderChangeRequest, _REQUEST_CANCEL, parameters) or _waiting(
        order_id, OrderRequestKind.CANCEL, "be canceled", _CANCELABLE
    )


@one_statement
def accept_cancel(*, order_id: UUID, actor: str = "", reason: str = "") -> Order:
    """Cancel what remains of a `pending_cancel` order. Raises OrderNotFound, WrongStatus (it was filled, say)."""
    return move_order(
        order_id=order_id,
        to=OrderStatus.CANCELED,
        out_of=[OrderStatus.PENDING_CANCEL],
        changes={},
        actor=actor,
        reason=reason,
    )


@one_statement
def reject_cancel(*, order_id: UUID, actor: str = "", reason: str = "") -> Order:
    """Refuse a cancel request: the order is worked on again. Raises OrderNotFound, WrongStatus."""
    return _resume(order_id, OrderStatus.PENDING_CANCEL, actor, reason)


@transaction.atomic
def cancel_order(*, order_id: UUID, actor: str = "", reason: str = "") -> Order:
    """Ask for a cancel and accept it at once; an order that is canceled already is returned as it is.

    Raises OrderNotFound, WrongStatus.
    """
    parameters = {"order_id": order_id, "statuses": _CANCELABLE, "actor": actor, "reason": reason}
    asked = write(OrderChangeRequest, _REQUEST_CANCEL, parameters)
    return move_order(
        order_id=order_id,
        to=OrderStatus.CANCELED,
        out_of=[OrderStatus.PENDING_CANCEL] if asked else [OrderStatus.PENDING_CANCEL, *_CANCELED_AT_ONCE],
        changes={},
        actor=actor,
        reason=reason,
    )


@one_statement
def request_replace(
    *,
    order_id: UUID,
    quantity: Decimal | None = None,
    price: Decimal | None = None,
    stop_price: Decimal | None = None,
    limit_price: Decimal | None = None,
    trailing_distance: Decimal | None = None,
    time_in_force: TimeInForce | str | None = None,
    good_till_date: datetime | None = None,
    actor: str = "",
    reason: str = "",
) -> OrderChangeRequest:
    """Ask for other terms: the order becomes `pending_replace`, keeps its terms, and may still be filled.

    What is None stays as it is; `quantity` (contracts) counts what is filled already; `good_till_date` comes with its
    time in force. Raises OrderNotFound; WrongStatus unless the order is `new`, `partially_filled` or `filled`;
    IntegrityError with the rule that the terms break.
    """
    terms = {
        "quantity": quantity,
        "price": price,
        "stop_price": stop_price,
        "limit_price": limit_price,
        "trailing_distance": trailing_distance,
        "time_in_force": time_in_force,
        "good_till_date": good_till_date,
    }
    parameters = {"order_id": order_id, "statuses": _REPLACEABLE, "actor": actor, "reason": reason, **terms}
    return write(OrderChangeRequest, _REQUEST_REPLACE, parameters) or _waiting(
        order_id, OrderRequestKind.REPLACE, "be replaced", _REPLACEABLE, terms
    )


@one_statement
def accept_replace(*, order_id: UUID, actor: str = "", reason: str = "") -> Order:
    """Give a `pending_replace` order the terms that were asked for; its quantity is at least what is filled by now.

    Raises OrderNotFound; WrongStatus if no replace request waits; IntegrityError with the rule that the terms break.
    """
    order = write(Order, _ACCEPT_REPLACE, {"order_id": order_id, "actor": actor, "reason": reason})
    if order is None:
        raise wrong_status(written_order(order_id), "be replaced", [OrderStatus.PENDING_REPLACE])
    return order


@one_statement
def reject_replace(*, order_id: UUID, actor: str = "", reason: str = "") -> Order:
    """Refuse a replace request: the order is worked on with its old terms. Raises OrderNotFound, WrongStatus."""
    return _resume(order_id, OrderStatus.PENDING_REPLACE, actor, reason)


@transaction.atomic
def replace_order(*, order_id: UUID, actor: str = "", reason: str = "", **terms: Any) -> Order:
    """Ask for other terms and accept them at once; terms and errors are those of `request_replace`."""
    request_replace(order_id=order_id, actor=actor, reason=reason, **terms)
    return accept_replace(order_id=order_id, actor=actor, reason=reason)


def _resume(order_id: UUID, status: OrderStatus, actor: str, reason: str) -> Order:
    order = write(Order, _RESUME, {"order_id": order_id, "status": status, "actor": actor, "reason": reason})
    if order is None:
        raise wrong_status(written_order(order_id), "be taken up again", [status])
    return order


def _waiting(
    order_id: UUID,
    kind: OrderRequestKind,
    what: str,
    statuses: list[OrderStatus],
    terms: Mapping[str, Any] | None = None,
) -> OrderChangeRequest:
    """The same request, if it waits already. Raises OrderNotFound, WrongStatus."""
    order = written_order(order_id)
    request = (
        OrderChangeRequest.objects.using(router.db_for_write(OrderChangeRequest))
        .filter(order_id=order_id, kind=kind, status=OrderRequestStatus.PENDING)
        .first()
    )
    if request is None or any(getattr(request, name) != value for name, value in _asked(order, terms or {}).items()):
        raise wrong_status(order, what, statuses)
    return request


def _asked(order: Order, terms: Mapping[str, Any]) -> dict[str, Any]:
    """All terms that a replace request would have: what is not given is the order's, as the statement has it."""
    own_date = terms and terms["time_in_force"] is None
    return {
        name: getattr(order, name) if value is None and (name != "good_till_date" or own_date) else value
        for name, value in terms.items()
    }
