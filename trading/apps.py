from django.apps import AppConfig


class TradingConfig(AppConfig):
    """Instruments, orders, fills, positions and trades."""

    name = "trading"
    verbose_name = "Trading"
