"""The lives that orders lead: what is asked for, and what becomes of it."""

from typing import NamedTuple

#: What an event of the order's life is called, by the broker and as FIX's exec type, by the status before and after.
EVENTS = {
    ("none", "pending_new"): ("received", "pending_new"),
    ("none", "rejected"): ("rejected", "rejected"),
    ("pending_new", "new"): ("accepted", "new"),
    ("new", "rejected"): ("rejected", "rejected"),
    ("new", "partially_filled"): ("filled", "trade"),
    ("new", "filled"): ("filled", "trade"),
    ("partially_filled", "partially_filled"): ("filled", "trade"),
    ("partially_filled", "filled"): ("filled", "trade"),
    ("new", "pending_cancel"): ("cancel_requested", "pending_cancel"),
    ("partially_filled", "pending_cancel"): ("cancel_requested", "pending_cancel"),
    ("pending_cancel", "canceled"): ("canceled", "canceled"),
    ("new", "canceled"): ("canceled", "canceled"),
    ("partially_filled", "canceled"): ("canceled", "canceled"),
    ("new", "expired"): ("expired", "expired"),
    ("new", "pending_replace"): ("replace_requested", "pending_replace"),
    ("pending_replace", "new"): ("replaced", "replaced"),
    ("new", "done_for_day"): ("done_for_day", "done_for_day"),
    ("done_for_day", "calculated"): ("calculated", "calculated"),
    ("new", "suspended"): ("suspended", "suspended"),
    ("new", "stopped"): ("stopped", "stopped"),
}


class Outcome(NamedTuple):
    """What becomes of an order that nothing is filled of: statuses after `new`, and how long it lives."""

    weight: float
    statuses: tuple[str, ...]
    #: In seconds, from and to; the life is drawn on a logarithmic scale.
    life: tuple[float, float]


OUTCOMES = {
    "canceled": Outcome(40, ("pending_cancel", "canceled"), (2, 90_000)),
    "rejected": Outcome(15, (), (0.001, 0.01)),
    "refused_by_venue": Outcome(3, ("rejected",), (0.01, 0.5)),
    "expired": Outcome(14, ("expired",), (3_600, 170_000)),
    "killed": Outcome(8, ("canceled",), (0.005, 0.2)),
    "replaced": Outcome(7, ("pending_replace", "new", "pending_cancel", "canceled"), (60, 90_000)),
    # Longer than any history, so it is still there at the end.
    "resting": Outcome(8, ("canceled",), (3e7, 6e7)),
    "done_for_day": Outcome(1.5, ("done_for_day",), (3_600, 30_000)),
    "calculated": Outcome(1.5, ("done_for_day", "calculated"), (3_600, 30_000)),
    "suspended": Outcome(0.7, ("suspended",), (600, 90_000)),
    "stopped": Outcome(0.3, ("stopped",), (1, 60)),
    "cancel_pending": Outcome(0.5, ("pending_cancel",), (60, 90_000)),
    "replace_pending": Outcome(0.5, ("pending_replace",), (60, 90_000)),
}

#: Types by what an order is for, with weights.
ENTRY_TYPES = (["market", "limit", "stop", "stop_limit", "trailing_stop"], [68, 20, 8, 3, 1])
EXIT_TYPES = (["market", "take_profit", "stop", "limit", "trailing_stop"], [58, 16, 13, 8, 5])
RESTING_TYPES = (["limit", "stop", "take_profit", "stop_limit", "trailing_stop"], [58, 16, 12, 9, 5])

REJECT_REASONS = [
    "insufficient margin",
    "price too far from the market",
    "quantity above the limit",
    "market is closed",
    "account leverage exceeded",
]
