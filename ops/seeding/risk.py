"""Limits, margin rates, circuit breakers and stress scenarios."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from accounts.choices import ClientClass, Regime
from ops.seeding.additions import Additions
from ops.seeding.reference import RETAIL_LEVERAGE, RETAIL_MARGIN
from risk.choices import (
    BreachAction,
    BreakerAction,
    BreakerScope,
    BreakerType,
    LimitEntity,
    LimitType,
    ScenarioType,
)
from risk.models import CircuitBreaker, MarginRate, RiskLimit, StressTestScenario
from trading.choices import EsmaClass
from trading.models import Instrument

#: When ESMA's measures for contracts for difference came into force.
ESMA_MEASURES = datetime(2018, 8, 1, tzinfo=UTC)


class LimitRow(NamedTuple):
    type: LimitType
    limit: str
    warning: str
    #: Of money; empty for counts and fractions.
    currency: str | None
    action: BreachAction
    description: str


GLOBAL_LIMITS = [
    LimitRow(LimitType.ACCOUNT_LEVERAGE, "30", "25", None, BreachAction.REJECT, "Leverage of an account, 30 = 30 : 1."),
    LimitRow(LimitType.POSITION_SIZE, "5000000", "4000000", "USD", BreachAction.REJECT, "Notional of one position."),
    LimitRow(LimitType.ORDER_SIZE, "2000000", "1500000", "USD", BreachAction.REJECT, "Notional of one order."),
    LimitRow(LimitType.DAILY_LOSS, "10000", "7500", "USD", BreachAction.CLOSE, "Loss of an account within a day."),
    LimitRow(LimitType.MAX_DRAWDOWN, "0.5", "0.3", None, BreachAction.WARN, "Fall from an account's highest equity."),
]


class BreakerRow(NamedTuple):
    name: str
    type: BreakerType
    condition: dict[str, Any]
    threshold: str
    action: BreakerAction
    cooldown_seconds: int
    auto_reset: bool
    description: str


BREAKERS = [
    BreakerRow(
        "High volatility",
        BreakerType.VOLATILITY,
        {"metric": "realized_volatility", "operator": ">=", "window_seconds": 300, "minimum_samples": 30},
        "0.05",
        BreakerAction.HALT_TRADING,
        900,
        True,
        "Standard deviation of returns within five minutes; 0.05 = 5 %.",
    ),
    BreakerRow(
        "Daily loss",
        BreakerType.LOSS_LIMIT,
        {"metric": "house_loss", "operator": ">=", "window_seconds": 86_400, "currency": "USD"},
        "100000",
        BreakerAction.REJECT_ORDERS,
        3_600,
        False,
        "Loss of the house within a day, in US dollars.",
    ),
    BreakerRow(
        "Crypto price move",
        BreakerType.PRICE_MOVEMENT,
        {"metric": "price_change", "operator": ">=", "window_seconds": 300, "instrument_type": "crypto"},
        "0.10",
        BreakerAction.HALT_TRADING,
        600,
        True,
        "Move of a crypto price within five minutes; 0.10 = 10 %.",
    ),
]


class ScenarioRow(NamedTuple):
    name: str
    type: ScenarioType
    #: Relative change by symbol, instrument type or factor: -0.2 = a fifth is lost.
    shocks: dict[str, float]
    description: str


SCENARIOS = [
    ScenarioRow(
        "Market crash of 20 %",
        ScenarioType.MARKET_CRASH,
        {"index": -0.2, "commodity": -0.15, "XAUUSD": 0.05, "crypto": -0.35, "volatility": 2.0},
        "As on Black Monday, 19 October 1987.",
    ),
    ScenarioRow(
        "Volatility doubles",
        ScenarioType.VOLATILITY_SPIKE,
        {"volatility": 1.0, "spread": 1.5, "index": -0.05},
        "Prices swing and spreads widen while hardly anything falls.",
    ),
    ScenarioRow(
        "Liquidity dries up",
        ScenarioType.LIQUIDITY_CRISIS,
        {"spread": 5.0, "forex": -0.03, "crypto": -0.1},
        "Providers withdraw: leaving a position costs six times the spread.",
    ),
    ScenarioRow(
        "Correlations break",
        ScenarioType.CORRELATION_BREAKDOWN,
        {"correlation": -1.0, "XAUUSD": -0.08, "index": -0.08, "USDJPY": 0.04},
        "Hedges lose together with what they hedge.",
    ),
    ScenarioRow(
        "COVID-19, March 2020",
        ScenarioType.HISTORICAL,
        {"SPX500USD": -0.34, "NAS100USD": -0.28, "US30USD": -0.37, "WTICOUSD": -0.55, "XAUUSD": -0.12, "crypto": -0.5},
        "19 February to 23 March 2020.",
    ),
    ScenarioRow(
        "Crypto black swan",
        ScenarioType.BLACK_SWAN,
        {"crypto": -0.7, "spread": 10.0, "volatility": 5.0},
        "A large exchange fails over a week-end.",
    ),
]


def add_margin_rates(added: Additions, instruments: dict[str, Instrument]) -> None:
    """What retail clients put down under ESMA's rules. Half of it must remain: below, positions are closed."""
    for instrument in instruments.values():
        esma_class = EsmaClass(instrument.esma_class)
        initial = RETAIL_MARGIN[esma_class]
        added.ensure(
            MarginRate,
            {"instrument": instrument, "regime": Regime.ESMA, "client_class": ClientClass.RETAIL},
            esma_class=esma_class,
            max_leverage=RETAIL_LEVERAGE[esma_class],
            initial_rate=initial,
            maintenance_rate=initial / 2,
            valid_from=ESMA_MEASURES,
        )


def add_limits(added: Additions) -> None:
    """Limits that hold for everybody."""
    for row in GLOBAL_LIMITS:
        added.ensure(
            RiskLimit,
            {"limit_type": row.type, "entity_type": LimitEntity.GLOBAL},
            limit_value=Decimal(row.limit),
            warning_threshold=Decimal(row.warning),
            currency_id=row.currency,
            breached_action=row.action,
            description=row.description,
        )


def add_breakers(added: Additions) -> None:
    """Circuit breakers, armed."""
    for row in BREAKERS:
        added.ensure(
            CircuitBreaker,
            {"breaker_name": row.name},
            breaker_type=row.type,
            scope=BreakerScope.GLOBAL,
            trigger_condition=row.condition,
            threshold_value=Decimal(row.threshold),
            action=row.action,
            cooldown_seconds=row.cooldown_seconds,
            auto_reset=row.auto_reset,
            description=row.description,
        )


def add_scenarios(added: Additions) -> None:
    """Moves of the market that portfolios are tested against."""
    for row in SCENARIOS:
        added.ensure(
            StressTestScenario,
            {"scenario_name": row.name},
            scenario_type=row.type,
            market_shocks=row.shocks,
            description=row.description,
        )
