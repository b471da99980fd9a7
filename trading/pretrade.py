"""Checks before an order is taken: a registry that the apps above fill when they start.

    class RiskConfig(AppConfig):
        def ready(self) -> None:
            pretrade.register(within_limits)

A check runs in the transaction that writes the order, and says why it refuses, or "". It does not raise: a refused
order is written down as rejected, with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from trading.choices import OrderType, Side, TimeInForce


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    """What a client asks for. Quantity in contracts, prices in the instrument's quote currency, times aware."""

    account_id: UUID
    client_order_id: str
    instrument_id: UUID
    order_type: OrderType | str
    side: Side | str
    quantity: Decimal
    price: Decimal | None = None
    stop_price: Decimal | None = None
    limit_price: Decimal | None = None
    trailing_distance: Decimal | None = None
    time_in_force: TimeInForce | str = TimeInForce.GTC
    good_till_date: datetime | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    is_reduce_only: bool = False
    is_post_only: bool = False
    parent_order_id: UUID | None = None
    decision_maker: str = ""
    executor: str = ""


Check = Callable[[NewOrder], str]

_checks: list[Check] = []


def register(check: Check) -> Check:
    """Have `check` asked about every order from now on, after those registered before; usable as a decorator."""
    if check not in _checks:
        _checks.append(check)
    return check


def unregister(check: Check) -> None:
    """Have `check` asked no more."""
    _checks.remove(check)


def has_checks() -> bool:
    """Whether anybody wants to be asked."""
    return bool(_checks)


def reason_to_refuse(order: NewOrder) -> str:
    """The first reason that a check gives, or "" if none has one."""
    return next((reason for check in _checks if (reason := check(order))), "")
