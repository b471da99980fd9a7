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
    """A fill of one lot; it moves the order, which is filled if it was for one lot."""
    values = {
        "order": columns.get("order") or order(),
        "fill_price": Decimal("1.1"),
        "fill_quantity": Decimal(1),
        "venue": "XOFF",
        "execution_id": f"execution-{next(_numbers)}",
    }
    return OrderFill.objects.create(**{**values, **columns})


def order_event(**columns: Any) -> OrderAudit:
    """The first event of an order, which the database has written; `order=` names another order than a new one."""
    return (columns.get("order") or order()).events.get(seq=1)


def order_change_request(**columns: Any) -> OrderChangeRequest:
    """A request to cancel an order."""
    values = {"order": columns.get("order") or order(), "kind": "cancel"}
    return OrderChangeRequest.objects.create(**{**values, **columns})


def position(**columns: Any) -> Position:
    """An open long position of one lot; user and OMS type are the account's."""
    account = columns.pop("account", None) or accounts.account()
    values = {
        "user": account.user,
        "oms_type": account.oms_type,
        "instrument": columns.get("instrument") or instrument(),
        "side": "long",
        "quantity": Decimal(1),
        "entry_price": Decimal("1.1"),
        "average_price": Decimal("1.1"),
    }
    return Position.objects.create(**{**values, "account": account, **columns})


def position_event(**columns: Any) -> PositionAudit:
    """A position's first event."""
    values = {
        "position": columns.get("position") or position(),
        "seq": 1,
        "event_type": "opened",
        "quantity_before": Decimal(0),
        "quantity_after": Decimal(1),
    }
    return PositionAudit.objects.create(**{**values, **columns})


def trade(**columns: Any) -> Trade:
    """The trade that opens a position of one lot, from a fill of an order of its account and instrument."""
    held = columns.pop("position", None) or position()
    values: dict[str, Any] = {
        "account": held.account,
        "user": held.user,
        "instrument": held.instrument,
        "side": "buy",
        "quantity": Decimal(1),
        "price": Decimal("1.1"),
        "contract_size": held.instrument.contract_size,
        "venue": "XOFF",
        "execution_id": f"trade-{next(_numbers)}",
        "position_effect": "open",
    }
    if "busts" in columns:
        values["order"] = columns["busts"].order
    else:
        values["fill"] = columns.get("fill") or order_fill(
            order=columns.get("order") or order(account=held.account, instrument=held.instrument)
        )
        values["order"] = values["fill"].order
    return Trade.objects.create(**{**values, "position": held, **columns})


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
