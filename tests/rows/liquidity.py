"""Valid rows of the liquidity app; every column may be given."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from liquidity.models import (
    ClientProfile,
    LiquidityProvider,
    LpExposure,
    LpInstrument,
    LpOrderRouting,
    LpPerformanceMetric,
    LpQuote,
    SorRule,
)
from tests.rows import accounts, trading

_numbers = itertools.count(1)


def liquidity_provider(**columns: Any) -> LiquidityProvider:
    """A market maker behind FIX, with a name of its own."""
    values = {"name": f"Provider {next(_numbers)}", "provider_type": "market_maker", "protocol": "fix"}
    return LiquidityProvider.objects.create(**{**values, **columns})


def lp_instrument(**columns: Any) -> LpInstrument:
    """An instrument that a provider offers."""
    values = {
        "provider": columns.get("provider") or liquidity_provider(),
        "instrument": columns.get("instrument") or trading.instrument(),
        "lp_symbol": f"EUR/USD {next(_numbers)}",
    }
    return LpInstrument.objects.create(**{**values, **columns})


def lp_quote(**columns: Any) -> LpQuote:
    """A quote of now with a spread of two ticks."""
    values = {
        "provider": columns.get("provider") or liquidity_provider(),
        "instrument": columns.get("instrument") or trading.instrument(),
        "quoted_at": datetime.now(UTC),
        "bid": Decimal("1.10000"),
        "ask": Decimal("1.10002"),
    }
    return LpQuote.objects.create(**{**values, **columns})


def lp_order_routing(**columns: Any) -> LpOrderRouting:
    """An order sent to a provider that has not answered yet."""
    values = {"order": columns.get("order") or trading.order(), "routing_decision": "abook"}
    if "provider" not in columns:
        values["provider"] = liquidity_provider()
    return LpOrderRouting.objects.create(**{**values, **columns})


def lp_performance_metric(**columns: Any) -> LpPerformanceMetric:
    """One minute of a provider over all instruments, in which nothing happened."""
    values = {
        "provider": columns.get("provider") or liquidity_provider(),
        "time_bucket": datetime(2026, 1, 2, 10, 31, tzinfo=UTC),
        "bucket_interval": "1m",
    }
    return LpPerformanceMetric.objects.create(**{**values, **columns})


def lp_exposure(**columns: Any) -> LpExposure:
    """Net 60 long."""
    values = {
        "provider": columns.get("provider") or liquidity_provider(),
        "instrument": columns.get("instrument") or trading.instrument(),
        "currency": columns.get("currency") or accounts.currency("USD"),
        "long_exposure": Decimal(100),
        "short_exposure": Decimal(40),
    }
    return LpExposure.objects.create(**{**values, **columns})


def sor_rule(**columns: Any) -> SorRule:
    """High-value crypto goes to the A-book; a priority and a name of its own."""
    number = next(_numbers)
    values = {
        "rule_name": f"rule {number}",
        "rule_type": "abook",
        "priority": 1000 + number,
        "conditions": {"instrument_type": {"in": ["crypto"]}, "notional": {"gte": 100_000}},
        "actions": {"route": "abook"},
    }
    return SorRule.objects.create(**{**values, **columns})


def client_profile(**columns: Any) -> ClientProfile:
    """A neutral client, all B-book; the user is the account's."""
    account = columns.pop("account", None) or accounts.account()
    return ClientProfile.objects.create(**{"account": account, "user": account.user, **columns})
