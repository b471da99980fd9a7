"""What venues report as executed."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import router, transaction

from trading.choices import LiquidityType
from trading.errors import DuplicateExecution
from trading.models import OrderFill
from trading.services.statements import ACTOR, write

# A repeated report waits here for the first one to commit, then finds it.
_INSERT = f"""
    {ACTOR}
    INSERT INTO order_fills (order_id, fill_price, fill_quantity, venue, execution_id, fill_commission,
                             commission_currency, liquidity_type, executed_at, is_late, dealer)
    SELECT %(order_id)s, %(fill_price)s, %(fill_quantity)s, %(venue)s, %(execution_id)s, %(fill_commission)s,
           %(commission_currency)s, %(liquidity_type)s, coalesce(%(executed_at)s, now()), %(dealer)s <> '', %(dealer)s
      FROM actor
    ON CONFLICT (execution_id, venue) DO NOTHING
    RETURNING *
"""


@transaction.atomic
def record_fill(
    *,
    order_id: UUID,
    price: Decimal,
    quantity: Decimal,
    venue: str,
    execution_id: str,
    commission: Decimal = Decimal(0),
    commission_currency: str | None = None,
    liquidity_type: LiquidityType | str = LiquidityType.TAKER,
    executed_at: datetime | None = None,
    dealer: str = "",
    actor: str = "",
    reason: str = "",
) -> OrderFill:
    """Write down an execution, which moves its order; a venue's execution id counts once.

    `quantity` in contracts, `price` in quote currency, `commission` in `commission_currency` (negative: a rebate).
    `dealer` lets in a late fill of an order that is dead, which leaves the order as it is. The same report again gives
    the fill that is there.

    Raises DuplicateExecution if the execution id is taken by another content; IntegrityError if the order takes no fill
    (order_fills_order_takes_fill) or not this much (orders_filled_within_quantity_check).
    """
    content: dict[str, Any] = {
        "order_id": order_id,
        "fill_price": price,
        "fill_quantity": quantity,
        "fill_commission": commission,
        "dealer": dealer,
    }
    fill = write(
        OrderFill,
        _INSERT,
        {
            **content,
            "venue": venue,
            "execution_id": execution_id,
            "commission_currency": commission_currency,
            "liquidity_type": liquidity_type,
            "executed_at": executed_at,
            "actor": actor,
            "reason": reason,
        },
    )
    if fill is not None:
        return fill
    found = OrderFill.objects.using(router.db_for_write(OrderFill)).get(execution_id=execution_id, venue=venue)
    differences = sorted(name for name, value in content.items() if getattr(found, name) != value)
    if differences:
        raise DuplicateExecution(
            f"Execution {execution_id} of {venue} is recorded as fill {found.pk}, which differs in"
            f" {', '.join(differences)}: ask the venue, and bust the trade if the record is wrong."
        )
    return found
