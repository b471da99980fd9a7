"""Taking orders."""

import json
from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connections, router, transaction

from config.database.statements import columns, one_statement, write
from trading import pretrade
from trading.choices import OrderStatus
from trading.errors import DuplicateOrder, OrderNotFound
from trading.models import Order
from trading.pretrade import NewOrder
from trading.services.statements import ACTS

# The user is the account's owner. A repeated order waits here for the first one to commit, then finds it. A CHECK
# speaks before the key does: what was good till a date that has passed since is not inserted again.
SUBMIT = f"""
    INSERT INTO orders (account_id, user_id, client_order_id, instrument_id, order_type, side, quantity,
                        price, stop_price, limit_price, trailing_distance, time_in_force, good_till_date,
                        take_profit, stop_loss, is_reduce_only, is_post_only, parent_order_id,
                        decision_maker, executor, status, reject_reason)
    SELECT accounts.id, user_id, %(client_order_id)s, %(instrument_id)s, %(order_type)s, %(side)s, %(quantity)s,
           %(price)s, %(stop_price)s, %(limit_price)s, %(trailing_distance)s, %(time_in_force)s, %(good_till_date)s,
           %(take_profit)s, %(stop_loss)s, %(is_reduce_only)s, %(is_post_only)s, %(parent_order_id)s,
           %(decision_maker)s, %(executor)s, %(status)s, %(reject_reason)s
      FROM accounts
     WHERE accounts.id = %(account_id)s AND {ACTS}
       AND ((%(good_till_date)s::timestamptz <= now()) IS NOT TRUE
            OR NOT EXISTS (
              SELECT FROM orders WHERE account_id = accounts.id AND client_order_id = %(client_order_id)s::varchar))
    ON CONFLICT (client_order_id, account_id) DO NOTHING
    RETURNING {columns(Order)}
"""

#: What never changes of an order, and what a replace request changes: the first event has it as it was asked for.
_IDENTITY = ("instrument_id", "order_type", "side", "is_reduce_only", "is_post_only", "parent_order_id")
_TERMS = ("quantity", "price", "stop_price", "limit_price", "trailing_distance", "time_in_force", "good_till_date")
_EXITS = ("take_profit", "stop_loss")


def submit_order(*, order: NewOrder, actor: str = "", reason: str = "") -> Order:
    """Take an order: `pending_new`, or `rejected` if a pre-trade check gives a reason.

    The same client order id with the same content gives the order that is there, whatever has become of it. `actor` (at
    most 64 characters) and `reason` (255) go into the event.

    Raises DuplicateOrder if the client order id is taken by another content, OrderNotFound without such an account,
    IntegrityError with the name of the rule that the order breaks (tick, step, limits, locked account …).
    """
    # Checks read in the transaction that writes the order; without any, one statement is all.
    with transaction.atomic() if pretrade.has_checks() else nullcontext():
        return _take(order, pretrade.reason_to_refuse(order), actor, reason)


@one_statement
def _take(order: NewOrder, refusal: str, actor: str, reason: str) -> Order:
    written = write(
        Order,
        SUBMIT,
        {
            **vars(order),
            "status": OrderStatus.REJECTED if refusal else OrderStatus.PENDING_NEW,
            "reject_reason": refusal[:255],
            "actor": actor,
            "reason": reason,
        },
    )
    return written or _same_order(order)


def _same_order(order: NewOrder) -> Order:
    """The order that has this client order id already. Raises DuplicateOrder, OrderNotFound."""
    database = router.db_for_write(Order)
    found = (
        Order.objects.using(database).filter(account_id=order.account_id, client_order_id=order.client_order_id).first()
    )
    if found is None:
        raise OrderNotFound(f"There is no account {order.account_id}: check the id.")
    with connections[database].cursor() as cursor:
        cursor.execute("SELECT data::text FROM order_audit WHERE order_id = %s AND seq = 1", [found.pk])
        (first_event,) = cursor.fetchone()
    asked = {name: values[1] for name, values in json.loads(first_event, parse_float=Decimal).items()}
    was = {name: getattr(found, name) for name in (*_IDENTITY, *_TERMS, *_EXITS)}
    if asked:  # a history that was loaded in bulk has no terms in its events
        was |= {name: _value(name, asked.get(name)) for name in (*_TERMS, *_EXITS)}
    differences = sorted(name for name, value in was.items() if value != getattr(order, name))
    if differences:
        raise DuplicateOrder(
            f"Client order id {order.client_order_id} is taken by order {found.pk}, which differs in"
            f" {', '.join(differences)}: give a new order an id of its own."
        )
    return found


def _value(name: str, value: Any) -> Any:
    if value is None or name == "time_in_force":
        return value
    return datetime.fromisoformat(value) if name == "good_till_date" else Decimal(value)
