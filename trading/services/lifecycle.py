"""Orders on their way: acknowledged, rejected, expired."""

from datetime import datetime
from uuid import UUID

from django.db import connections, router, transaction

from config.database.statements import one_statement
from trading.choices import OrderStatus
from trading.models import Order
from trading.services.statements import ACTS, move_order


@one_statement
def acknowledge_order(
    *,
    order_id: UUID,
    liquidity_provider_id: UUID | None = None,
    lp_order_id: str = "",
    actor: str = "",
    reason: str = "",
) -> Order:
    """Make a `pending_new` order `new`: house or provider works on it, the latter under its own order id.

    Raises OrderNotFound; WrongStatus unless it is `pending_new`, or `new` already.
    """
    changes: dict[str, UUID | str] = {"lp_order_id": lp_order_id} if lp_order_id else {}
    if liquidity_provider_id:
        changes["liquidity_provider_id"] = liquidity_provider_id
    return move_order(
        order_id=order_id,
        to=OrderStatus.NEW,
        out_of=[OrderStatus.PENDING_NEW],
        changes=changes,
        actor=actor,
        reason=reason,
    )


@one_statement
def reject_order(*, order_id: UUID, reason: str, actor: str = "") -> Order:
    """Reject an order of which nothing is filled; `reason` (at most 255 characters) is told to the client.

    Raises OrderNotFound; WrongStatus unless it is `pending_new` or `new`, or `rejected` already.
    """
    return move_order(
        order_id=order_id,
        to=OrderStatus.REJECTED,
        out_of=[OrderStatus.PENDING_NEW, OrderStatus.NEW],
        changes={"reject_reason": reason},
        actor=actor,
        reason=reason,
    )


# Rows that somebody else is writing (a fill, a cancel) are left to the next run. A day ends in the instrument's zone.
_EXPIRE = f"""
    WITH due AS (
      SELECT orders.id
        FROM orders JOIN instruments ON instruments.id = instrument_id
       WHERE status = ANY (%(live)s)
         AND (good_till_date <= %(now)s
              OR orders.time_in_force = 'day'
                 AND received_at < date_trunc('day', %(now)s::timestamptz, instruments.time_zone))
       ORDER BY orders.id
       LIMIT %(limit)s
         FOR NO KEY UPDATE OF orders SKIP LOCKED)
    UPDATE orders SET status = 'expired', expired_at = greatest(%(now)s, received_at)
      FROM due
     WHERE orders.id = due.id AND {ACTS}
    RETURNING orders.id
"""

#: A stopped order is guaranteed its price: it is filled or canceled, never expired.
_MAY_EXPIRE = [
    OrderStatus.PENDING_NEW,
    OrderStatus.NEW,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.DONE_FOR_DAY,
    OrderStatus.PENDING_CANCEL,
    OrderStatus.PENDING_REPLACE,
    OrderStatus.SUSPENDED,
]


@transaction.atomic
def expire_orders(*, now: datetime, limit: int = 1000, actor: str = "expiry") -> list[UUID]:
    """Expire live orders whose date, or whose day in the instrument's time zone, is over at `now`; return their ids.

    At most `limit` of them: call again until nothing comes back. Orders that somebody is writing at this moment are
    skipped. Any number of callers may run at once.
    """
    with connections[router.db_for_write(Order)].cursor() as cursor:
        cursor.execute(_EXPIRE, {"now": now, "limit": limit, "live": _MAY_EXPIRE, "actor": actor, "reason": ""})
        return [order_id for (order_id,) in cursor.fetchall()]
