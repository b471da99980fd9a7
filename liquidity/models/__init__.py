from liquidity.models.clients import ClientProfile
from liquidity.models.exposure import LpExposure
from liquidity.models.performance import LpPerformanceMetric
from liquidity.models.providers import LiquidityProvider, LpInstrument
from liquidity.models.quotes import LpQuote
from liquidity.models.routing import LpOrderRouting
from liquidity.models.rules import SorRule

__all__ = [
    "ClientProfile",
    "LiquidityProvider",
    "LpExposure",
    "LpInstrument",
    "LpOrderRouting",
    "LpPerformanceMetric",
    "LpQuote",
    "SorRule",
]
