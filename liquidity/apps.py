from django.apps import AppConfig


class LiquidityConfig(AppConfig):
    """Providers, quotes, routing, exposure and client profiles."""

    name = "liquidity"
    verbose_name = "Liquidity"
