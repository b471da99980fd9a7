"""Writes about people and money: one door per business event, keyword-only and atomic."""

from accounts.services.cash import approve_cash, cancel_cash, reject_cash, request_cash
from accounts.services.ledger import Leg, apply_negative_balance_protection, post_journal, reverse_journal, transfer
from accounts.services.people import (
    LOCK_TIME,
    MAXIMUM_FAILED_LOGINS,
    record_failed_login,
    record_login,
    revoke_role,
)

__all__ = [
    "LOCK_TIME",
    "MAXIMUM_FAILED_LOGINS",
    "Leg",
    "apply_negative_balance_protection",
    "approve_cash",
    "cancel_cash",
    "post_journal",
    "record_failed_login",
    "record_login",
    "reject_cash",
    "request_cash",
    "reverse_journal",
    "revoke_role",
    "transfer",
]
