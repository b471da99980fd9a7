"""Valid rows of the trading app; every column may be given."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.rows import accounts
from trading.models import (
    CorporateAction,
    FeeSchedule,
    Instrument,
    InstrumentMark,
    InstrumentSession,
    Order,
    OrderAudit,
    OrderChangeRequest,
    OrderFill,
    Position,
    PositionAudit,
    Trade,
)
from trading.services import apply_fill, bust_trade

_numbers = itertools.count(1)


def instrument(**columns: Any) -> Instrument:
    """A major currency pair in lots of 100,000, with a symbol of its own; currencies are codes or rows."""
    values = {
        "symbol": f"EURUSD.{next(_numbers)}",
        "display_name": "Euro / US dollar",
        "instrument_type": "forex",
        "esma_class": "fx_major",
        "tick_size": Decimal("0.00001"),
        "min_quantity": Decimal("0.01"),
        "max_quantity": Decimal(100),
        "quantity_step": Decimal("0.01"),
        "contract_size": Decimal(100_000),
        "leverage_max": Decimal(30),
        "margin_rate": Decimal("0.0334"),
    }
    values |= {"base_currency": "EUR", "quote_currency": "USD"} | columns
    for name in ("base_currency", "quote_currency"):
        if isinstance(values[name], str):
            values[name] = accounts.currency(values[name])
    return Instrument.objects.create(**values)


def instrument_session(**columns: Any) -> InstrumentSession:
    """Open all Monday."""
    values = {"instrument": columns.get("instrument") or instrument()}
    if columns.get("kind") != "holiday":
        values["weekday"] = 1
    return InstrumentSession.objects.create(**{**values, **columns})


def instrument_mark(**columns: Any) -> InstrumentMark:
    """A mark of now with a spread of two ticks."""
    values = {
        "instrument": columns.get("instrument") or instrument(),
        "marked_at": datetime.now(UTC),
        "bid": Decimal("1.09999"),
        "mid": Decimal("1.10000"),
        "ask": Decimal("1.10001"),
    }
    return InstrumentMark.objects.create(**{**values, **columns})


def order(**columns: Any) -> Order:
    """A market order for one lot that has just been received; the user is the account's."""
    account = columns.pop("account", None) or accounts.account()
    values = {
        "user": account.user,
        "client_order_id": f"client-{next(_numbers)}",
        "instrument": columns.get("instrument") or instrument(),
        "order_type": "market",
        "side": "buy",
        "quantity": Decimal(1),
    }
    return Order.objects.create(**{**values, "account": account, **columns})


def order_fill(**columns: Any) -> OrderFill:
    """A fill of one lot, which moves the order and its account's position; nothing is booked without a commission."""
    filled = columns.pop("order", None) or order()
    result = apply_fill(
        **{
            "order_id": filled.pk,
            "price": columns.pop("fill_price", Decimal("1.1")),
            "quantity": columns.pop("fill_quantity", Decimal(1)),
            "venue": "XOFF",
            "execution_id": f"execution-{next(_numbers)}",
            **columns,
        }
    )
    return OrderFill.objects.get(pk=result.fill_id)


def order_event(**columns: Any) -> OrderAudit:
    """The first event of an order, which the database has written; `order=` names another order than a new one."""
    return (columns.get("order") or order()).events.get(seq=1)


def order_change_request(**columns: Any) -> OrderChangeRequest:
    """A request to cancel an order."""
    values = {"order": columns.get("order") or order(), "kind": "cancel"}
    return OrderChangeRequest.objects.create(**{**values, **columns})


def position(**columns: Any) -> Position:
    """What the fill of an order has opened: one lot, bought at `price` (1.1); other columns are the order's."""
    return trade(**columns).position


def position_event(**columns: Any) -> PositionAudit:
    """The first event of a position, which came with its first trade; `position=` names another than a new one."""
    return (columns.get("position") or position()).events.get(seq=1)


def trade(**columns: Any) -> Trade:
    """The trade that opens a position, from the fill of an order of these columns; or the one that undoes `busts`."""
    if "busts" in columns:
        result = bust_trade(trade_id=columns["busts"].pk, reason="by mistake", actor="test")
        return Trade.objects.get(pk=result.trade_ids[0])
    price = columns.pop("price", Decimal("1.1"))
    fill = order_fill(order=columns.pop("order", None) or order(**columns), fill_price=price)
    return fill.trades.get()


def fee_schedule(**columns: Any) -> FeeSchedule:
    """Three dollars per lot and side for every group, from 2026 on."""
    values = {
        "instrument": columns.get("instrument") or instrument(),
        "commission_per_lot": Decimal(3),
        "commission_currency": columns.get("commission_currency") or accounts.currency("USD"),
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return FeeSchedule.objects.create(**{**values, **columns})


def corporate_action(**columns: Any) -> CorporateAction:
    """A split of two for one that has been announced."""
    values = {
        "instrument": columns.get("instrument") or instrument(),
        "action": "split",
        "ex_date": date(2026, 6, 1),
        "ratio": Decimal(2),
    }
    return CorporateAction.objects.create(**{**values, **columns})
