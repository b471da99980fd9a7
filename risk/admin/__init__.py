"""The back office's pages; an account is looked up by its whole number, which its unique index serves."""

from risk.admin import alerts, breakers, limits, margin, metrics, stress

__all__ = ["alerts", "breakers", "limits", "margin", "metrics", "stress"]
