"""The flow as the project does it: three services, each one business event."""

from decimal import Decimal

from ops.bench.flow.lives import COMMISSION, QUANTITY, VENUE, Life
from trading import services
from trading.pretrade import NewOrder


def new_order(life: Life) -> NewOrder:
    return NewOrder(
        account_id=life.trader.account_id,
        client_order_id=life.key,
        instrument_id=life.trader.instrument_id,
        order_type="market",
        side=life.side,
        quantity=QUANTITY,
    )


def play(life: Life) -> Decimal:
    """The realized profit of the life's fill."""
    order = services.submit_order(order=new_order(life))
    services.acknowledge_order(order_id=order.pk)
    return services.apply_fill(
        order_id=order.pk,
        price=life.price,
        quantity=QUANTITY,
        venue=VENUE,
        execution_id=life.key,
        commission=COMMISSION,
    ).realized_pnl
