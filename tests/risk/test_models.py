"""What the models of risk say beside their constraints."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError

from risk.models import CircuitBreaker, RiskLimit
from risk.partitions import PARTITIONED
from tests.rows import risk


@pytest.mark.parametrize("model", [*apps.get_app_config("risk").get_models()], ids=lambda model: model.__name__)
def test_every_model_has_its_page_in_the_back_office(model: Any) -> None:
    assert admin.site.is_registered(model)


@pytest.mark.parametrize(
    ("build", "relations"),
    [
        (risk.risk_limit, []),
        (risk.risk_limit_breach, ["limit"]),
        (risk.leverage_cap, []),
        (risk.margin_rate, ["instrument"]),
        (risk.margin_requirement, ["account"]),
        (risk.margin_call, ["account"]),
        (risk.position_risk_metric, []),
        (risk.portfolio_risk, []),
        (risk.circuit_breaker, []),
        (risk.circuit_breaker_event, ["breaker"]),
        (risk.risk_alert, []),
        (risk.stress_test_scenario, []),
        (risk.stress_test_result, ["account"]),
    ],
)
def test_the_name_of_a_row_asks_the_database_nothing(
    build: Any, relations: list[str], db: None, django_assert_num_queries: Any
) -> None:
    row = build()
    fresh = type(row).objects.get(pk=row.pk)
    with django_assert_num_queries(0):
        assert str(fresh)


def test_a_form_shows_why_a_limit_is_refused(db: None) -> None:
    limit = RiskLimit(limit_type="open_positions", entity_type="group", limit_value=10, warning_threshold=20)
    with pytest.raises(ValidationError) as refusal:
        limit.full_clean()
    assert sorted(refusal.value.messages) == [
        "A global limit names nothing, a group's limit the group, another the id of what it limits.",
        "The warning comes before the limit.",
    ]


def test_a_form_shows_why_a_condition_is_refused(db: None) -> None:
    breaker = CircuitBreaker(
        breaker_name="x",
        breaker_type="volatility",
        threshold_value=1,
        trigger_condition={"metric": "volatility"},
    )
    with pytest.raises(ValidationError) as refusal:
        breaker.full_clean()
    assert refusal.value.messages == ["The condition needs a metric, an operator, and nothing unknown."]


def test_a_change_moves_updated_at(sql: Any) -> None:
    limit = risk.risk_limit(updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    sql("UPDATE risk_limits SET limit_value = 99 WHERE id = %s", [limit.id])
    limit.refresh_from_db()
    assert limit.updated_at.year > 2020


@pytest.mark.parametrize(
    ("before", "after", "amount", "percentage"),
    [(1000, 750, 250, 25), (1000, -500, 1500, 150), (1000, 1100, -100, -10), (0, -5, 5, None)],
)
def test_a_stress_test_measures_the_loss(
    before: int, after: int, amount: int, percentage: int | None, db: None
) -> None:
    result = risk.stress_test_result(portfolio_value_before=before, portfolio_value_after=after)
    result.refresh_from_db()
    assert result.loss_amount == Decimal(amount)
    assert result.loss_percentage == (None if percentage is None else Decimal(percentage))


def test_metrics_are_cut_by_week_thirteen_ahead() -> None:
    assert [(item.table, item.interval, item.premake) for item in PARTITIONED] == [
        ("position_risk_metrics", "week", 13),
        ("portfolio_risk", "week", 13),
    ]
