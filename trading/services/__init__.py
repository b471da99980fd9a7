"""Writes of trading: one door per business event. Every service is atomic and safe to call twice."""

from trading.services.executions import record_fill
from trading.services.lifecycle import acknowledge_order, expire_orders, reject_order
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

__all__ = [
    "accept_cancel",
    "accept_replace",
    "acknowledge_order",
    "cancel_order",
    "expire_orders",
    "record_fill",
    "reject_cancel",
    "reject_order",
    "reject_replace",
    "replace_order",
    "request_cancel",
    "request_replace",
    "submit_order",
]
