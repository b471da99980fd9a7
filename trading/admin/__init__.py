"""Trading in the back office: reference data is edited, what happened is read."""

from trading.admin import events, instruments, orders, positions, terms

__all__ = ["events", "instruments", "orders", "positions", "terms"]
