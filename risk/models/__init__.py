from risk.models.alerts import RiskAlert
from risk.models.breakers import CircuitBreaker, CircuitBreakerEvent
from risk.models.limits import RiskLimit, RiskLimitBreach
from risk.models.margin import LeverageCap, MarginCall, MarginRate, MarginRequirement
from risk.models.metrics import PortfolioRisk, PositionRiskMetric
from risk.models.stress import StressTestResult, StressTestScenario

__all__ = [
    "CircuitBreaker",
    "CircuitBreakerEvent",
    "LeverageCap",
    "MarginCall",
    "MarginRate",
    "MarginRequirement",
    "PortfolioRisk",
    "PositionRiskMetric",
    "RiskAlert",
    "RiskLimit",
    "RiskLimitBreach",
    "StressTestResult",
    "StressTestScenario",
]
