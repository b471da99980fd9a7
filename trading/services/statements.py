"""How services write: one statement that tells the event chain who acts and why, and returns the row."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from django.db import router

from config.database.statements import columns, write
from trading.choices import OrderStatus
from trading.errors import OrderNotFound, WrongStatus
from trading.models import Order

#: A condition that every statement of a service has. It is always met, and tells the event chain who acts and why:
#: settings that hold until the transaction ends. Cheaper than a WITH that sets them, and no round trip either.
ACTS = (
    "set_config('trading.actor', %(actor)s, true) IS NOT NULL"
    " AND set_config('trading.reason', %(reason)s, true) IS NOT NULL"
)


def written_order(order_id: UUID) -> Order:
    """The order as it is now. Raises OrderNotFound."""
    order = Order.objects.using(router.db_for_write(Order)).filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound(f"There is no order {order_id}: check the id.")
    return order


@cache
def move(*changed: str) -> str:
    """The statement that gives an order another status, and other values of the columns `changed`."""
    assignments = "".join(f", {column} = %({column})s" for column in changed)
    return (
        f"UPDATE orders SET status = %(to)s{assignments}"
        f" WHERE orders.id = %(order_id)s AND status = ANY (%(out_of)s) AND {ACTS} RETURNING {columns(Order)}"
    )


def move_order(
    *, order_id: UUID, to: OrderStatus, out_of: list[OrderStatus], changes: Mapping[str, Any], actor: str, reason: str
) -> Order:
    """Give the order another status, and `changes` of other columns, if it is in one of `out_of`.

    An order that has that status already is returned as it is. Raises OrderNotFound, WrongStatus.
    """
    order = write(
        Order,
        move(*changes),
        {"order_id": order_id, "to": to, "out_of": list(out_of), "actor": actor, "reason": reason, **changes},
    )
    if order is None:
        order = written_order(order_id)
        if order.status != to:
            raise wrong_status(order, f"become {to}", out_of)
    return order


def wrong_status(order: Order, what: str, statuses: list[OrderStatus]) -> WrongStatus:
    """The error of an order that cannot do `what` because it is in none of `statuses`."""
    return WrongStatus(f"Order {order.pk} is {order.status}: it can {what} only while it is {' or '.join(statuses)}.")
