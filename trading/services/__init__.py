"""Writes of trading: one door per business event. Every service is atomic and safe to call twice."""

from trading.services.fills import BustResult, CorrectionResult, FillResult, apply_fill, bust_trade, correct_trade
from trading.services.lifecycle import acknowledge_order, expire_orders, reject_order
from trading.services.positions import set_exits
from trading.services.requests import (
    accept_cancel,
    accept_replace,
    cancel_order,
    reject_cancel,
    reject_replace,
    replace_order,
    request_cancel,
    request_replace,
)
from trading.services.submission import submit_order
from trading.services.valuation import ValuationResult, accrue_swaps, charge_night, mark_to_market

__all__ = [
    "BustResult",
    "CorrectionResult",
    "FillResult",
    "ValuationResult",
    "accept_cancel",
    "accept_replace",
    "accrue_swaps",
    "acknowledge_order",
    "apply_fill",
    "bust_trade",
    "cancel_order",
    "charge_night",
    "correct_trade",
    "expire_orders",
    "mark_to_market",
    "reject_cancel",
    "reject_order",
    "reject_replace",
    "replace_order",
    "request_cancel",
    "request_replace",
    "set_exits",
    "submit_order",
]
