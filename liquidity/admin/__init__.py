"""The back office of this app: one file per subject."""

from liquidity.admin import clients, providers, quotes, routing

__all__ = ["clients", "providers", "quotes", "routing"]
