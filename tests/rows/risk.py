"""Valid rows of the risk app; every column may be given."""

import itertools
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from risk.models import (
    CircuitBreaker,
    CircuitBreakerEvent,
    LeverageCap,
    MarginCall,
    MarginRate,
    MarginRequirement,
    PortfolioRisk,
    PositionRiskMetric,
    RiskAlert,
    RiskLimit,
    RiskLimitBreach,
    StressTestResult,
    StressTestScenario,
)
from tests.rows import accounts, trading

_numbers = itertools.count(1)


def risk_limit(**columns: Any) -> RiskLimit:
    """A limit of 100 open positions for everybody."""
    return RiskLimit.objects.create(**{"limit_type": "open_positions", "limit_value": 100, **columns})


def risk_limit_breach(**columns: Any) -> RiskLimitBreach:
    """150 open positions where 100 were allowed."""
    limit = columns.pop("limit", None) or risk_limit()
    values = {"limit_value": 100, "actual_value": 150, "action_taken": "reject"}
    return RiskLimitBreach.objects.create(**{**values, "limit": limit, **columns})


def leverage_cap(**columns: Any) -> LeverageCap:
    """ESMA's 30:1 for retail clients in major currency pairs; the same row when it exists."""
    key = {"regime": "ESMA", "client_class": "retail", "esma_class": "fx_major"}
    key |= {name: columns.pop(name) for name in list(columns) if name in key}
    cap, _ = LeverageCap.objects.get_or_create(**key, defaults={"max_leverage": Decimal(30), **columns})
    return cap


def margin_rate(**columns: Any) -> MarginRate:
    """3.34 % to open, half of it to keep, from 2026 on."""
    instrument = columns.pop("instrument", None) or trading.instrument()
    cap = columns.pop("cap", None) or leverage_cap(esma_class=instrument.esma_class)
    values = {
        "instrument": instrument,
        "regime": cap.regime,
        "client_class": cap.client_class,
        "esma_class": cap.esma_class,
        "max_leverage": cap.max_leverage,
        "initial_rate": Decimal("0.0334"),
        "maintenance_rate": Decimal("0.0167"),
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return MarginRate.objects.create(**{**values, **columns})


def margin_requirement(**columns: Any) -> MarginRequirement:
    """One contract at 30:1."""
    account = columns.pop("account", None) or accounts.account()
    values = {
        "account": account,
        "currency_id": account.currency_id,
        "position_size": 1,
        "initial_margin": 3340,
        "maintenance_margin": 1670,
        "leverage": 30,
    }
    if "instrument" not in columns:
        values["instrument"] = trading.instrument()
    return MarginRequirement.objects.create(**{**values, **columns})


def margin_call(**columns: Any) -> MarginCall:
    """An account at 80 %, 200 short."""
    account = columns.pop("account", None) or accounts.account()
    values = {
        "account": account,
        "user_id": account.user_id,
        "margin_level": 80,
        "margin_required": 1000,
        "margin_available": 800,
    }
    return MarginCall.objects.create(**{**values, **columns})


def position_risk_metric(**columns: Any) -> PositionRiskMetric:
    """The metrics of now, of a position that need not exist."""
    values = {"position_id": uuid.uuid4(), "value_at_risk": 100, "calculated_at": datetime.now(UTC)}
    return PositionRiskMetric.objects.create(**{**values, **columns})


def portfolio_risk(**columns: Any) -> PortfolioRisk:
    """The risk of now, of an account that need not exist."""
    return PortfolioRisk.objects.create(
        **{"account_id": uuid.uuid4(), "time_bucket": datetime.now(UTC), "gross_exposure": 1000, **columns}
    )


def circuit_breaker(**columns: Any) -> CircuitBreaker:
    """An armed breaker on a price move of 10 %."""
    values = {
        "breaker_name": f"breaker {next(_numbers)}",
        "breaker_type": "price_movement",
        "trigger_condition": {"metric": "price_change", "operator": ">="},
        "threshold_value": Decimal("0.1"),
    }
    return CircuitBreaker.objects.create(**{**values, **columns})


def circuit_breaker_event(**columns: Any) -> CircuitBreakerEvent:
    """A breaker that tripped."""
    breaker = columns.pop("breaker", None) or circuit_breaker()
    return CircuitBreakerEvent.objects.create(**{"breaker": breaker, "event_type": "triggered", **columns})


def risk_alert(**columns: Any) -> RiskAlert:
    """An active alert."""
    return RiskAlert.objects.create(**{"alert_type": "custom", "title": f"alert {next(_numbers)}", **columns})


def stress_test_scenario(**columns: Any) -> StressTestScenario:
    """Crypto loses 40 %."""
    values = {
        "scenario_name": f"scenario {next(_numbers)}",
        "scenario_type": "market_crash",
        "market_shocks": {"crypto": -0.4},
    }
    return StressTestScenario.objects.create(**{**values, **columns})


def stress_test_result(**columns: Any) -> StressTestResult:
    """A loss of a quarter, which passes."""
    values: dict[str, Any] = {
        "run_id": uuid.uuid4(),
        "portfolio_value_before": 1000,
        "portfolio_value_after": 750,
        "passed": True,
    }
    if "scenario" not in columns:
        values["scenario"] = stress_test_scenario()
    if "account" not in columns:
        values["account"] = accounts.account()
    return StressTestResult.objects.create(**{**values, **columns})
