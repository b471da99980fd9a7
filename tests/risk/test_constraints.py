"""What the database refuses in the tables of risk, tried by plain SQL as the application's role."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from psycopg.types.json import Jsonb

from tests.rows import accounts, risk, trading

Row = dict[str, Any]
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 7, 1, tzinfo=UTC)
#: Partitions begin with the current week.
TODAY = datetime.now(UTC)
NOBODY = uuid.UUID(int=0)


class World:
    """What the good rows refer to."""

    def __init__(self) -> None:
        self.user = accounts.user()
        self.stranger = accounts.user()
        self.account = accounts.account(user=self.user)
        self.instrument = trading.instrument(esma_class="fx_major")
        self.limit = risk.risk_limit(limit_type="order_size")
        self.cap = risk.leverage_cap()
        self.breaker = risk.circuit_breaker()
        self.scenario = risk.stress_test_scenario()


@pytest.fixture
def world(db: None) -> World:
    return World()


#: The smallest good row of each table; everything else is the database's default.
GOOD: dict[str, Callable[[World], Row]] = {
    "risk_limits": lambda world: {"limit_type": "open_positions", "limit_value": 100},
    "risk_limit_breaches": lambda world: {
        "limit_id": world.limit.id,
        "limit_value": 100,
        "actual_value": 150,
        "action_taken": "reject",
    },
    "leverage_caps": lambda world: {
        "regime": "FCA",
        "class": "retail",
        "esma_class": "crypto",
        "max_leverage": 2,
    },
    "margin_rates": lambda world: {
        "instrument_id": world.instrument.id,
        "regime": "ESMA",
        "class": "retail",
        "esma_class": "fx_major",
        "max_leverage": 30,
        "initial_rate": "0.0334",
        "maintenance_rate": "0.0167",
        "valid_from": NOW,
    },
    "margin_requirements": lambda world: {
        "account_id": world.account.id,
        "instrument_id": world.instrument.id,
        "position_size": 1,
        "initial_margin": 3340,
        "maintenance_margin": 1670,
        "leverage": 30,
        "currency": world.account.currency_id,
    },
    "margin_calls": lambda world: {
        "account_id": world.account.id,
        "user_id": world.user.id,
        "margin_level": 80,
        "margin_required": 1000,
        "margin_available": 800,
    },
    "position_risk_metrics": lambda world: {
        "position_id": NOBODY,
        "value_at_risk": 100,
        "calculated_at": TODAY,
    },
    "portfolio_risk": lambda world: {"account_id": world.account.id, "time_bucket": TODAY},
    "circuit_breakers": lambda world: {
        "breaker_name": "gold",
        "breaker_type": "volatility",
        "trigger_condition": Jsonb({"metric": "volatility", "operator": ">"}),
        "threshold_value": 1,
    },
    "circuit_breaker_events": lambda world: {"breaker_id": world.breaker.id, "event_type": "triggered"},
    "risk_alerts": lambda world: {"alert_type": "high_leverage", "title": "Leverage of 29:1"},
    "stress_test_scenarios": lambda world: {
        "scenario_name": "Monday",
        "scenario_type": "market_crash",
        "market_shocks": Jsonb({"crypto": -0.4}),
    },
    "stress_test_results": lambda world: {
        "scenario_id": world.scenario.id,
        "run_id": NOBODY,
        "account_id": world.account.id,
        "portfolio_value_before": 1000,
        "portfolio_value_after": 750,
        "passed": True,
    },
}

#: (the constraint that refuses, what is wrong in an otherwise good row)
BAD: list[tuple[str, Row]] = [
    ("risk_limits_limit_type_check", {"limit_type": "patience"}),
    ("risk_limits_entity_type_check", {"entity_type": "planet"}),
    ("risk_limits_breached_action_check", {"breached_action": "pray"}),
    ("risk_limits_limit_value_positive_check", {"limit_value": 0}),
    ("risk_limits_warning_below_limit_check", {"warning_threshold": 100}),
    ("risk_limits_warning_below_limit_check", {"warning_threshold": 0}),
    ("risk_limits_entity_named_check", {"entity_type": "global", "entity_id": NOBODY}),
    ("risk_limits_entity_named_check", {"entity_type": "global", "entity_group": "vip"}),
    ("risk_limits_entity_named_check", {"entity_type": "group"}),
    ("risk_limits_entity_named_check", {"entity_type": "account"}),
    ("risk_limits_entity_named_check", {"entity_type": "user", "entity_id": NOBODY, "entity_group": "vip"}),
    ("risk_limits_currency_present_check", {"limit_type": "daily_loss"}),
    ("risk_limits_currency_of_money_check", {"limit_type": "open_positions", "currency": "USD"}),
    ("risk_limits_currency_fk", {"limit_type": "daily_loss", "currency": "QQQ"}),
    ("risk_limits_user_id_fk", {"entity_type": "user", "entity_id": NOBODY}),
    ("risk_limits_account_id_fk", {"entity_type": "account", "entity_id": NOBODY}),
    ("risk_limits_instrument_id_fk", {"entity_type": "instrument", "entity_id": NOBODY}),
    ("risk_limit_breaches_severity_check", {"severity": "mild"}),
    ("risk_limit_breaches_action_taken_check", {"action_taken": "none"}),
    ("risk_limit_breaches_limit_value_positive_check", {"limit_value": -1}),
    ("risk_limit_breaches_resolution_check", {"resolved_at": NOW}),
    ("risk_limit_breaches_resolution_check", {"resolution_note": "seen"}),
    ("risk_limit_breaches_limit_id_fk", {"limit_id": NOBODY}),
    ("risk_limit_breaches_account_id_fk", {"account_id": NOBODY}),
    ("risk_limit_breaches_user_id_fk", {"user_id": NOBODY}),
    ("risk_limit_breaches_order_id_fk", {"order_id": NOBODY}),
    ("risk_limit_breaches_position_id_fk", {"position_id": NOBODY}),
    ("risk_limit_breaches_resolved_by_id_fk", {"resolved_at": NOW, "resolved_by_id": NOBODY}),
    ("leverage_caps_regime_check", {"regime": "MARS"}),
    ("leverage_caps_client_class_check", {"class": "friend"}),
    ("leverage_caps_esma_class_check", {"esma_class": "tulips"}),
    ("leverage_caps_max_leverage_range_check", {"max_leverage": "0.5"}),
    ("margin_rates_initial_rate_range_check", {"initial_rate": "1.01"}),
    ("margin_rates_maintenance_rate_range_check", {"maintenance_rate": "0.05"}),
    ("margin_rates_maintenance_rate_range_check", {"maintenance_rate": 0}),
    ("margin_rates_within_cap_check", {"initial_rate": "0.0333"}),
    ("margin_rates_period_check", {"valid_until": NOW}),
    ("margin_rates_instrument_class_fk", {"esma_class": "crypto"}),
    ("margin_rates_instrument_class_fk", {"instrument_id": NOBODY}),
    ("margin_rates_cap_fk", {"max_leverage": 40}),
    ("margin_requirements_maintenance_margin_not_negative_check", {"maintenance_margin": -1}),
    ("margin_requirements_initial_covers_maintenance_check", {"maintenance_margin": 3341}),
    ("margin_requirements_stop_out_below_call_check", {"stop_out_level": 101}),
    ("margin_requirements_leverage_positive_check", {"leverage": 0}),
    ("margin_requirements_account_id_fk", {"account_id": NOBODY}),
    ("margin_requirements_instrument_id_fk", {"instrument_id": NOBODY}),
    ("margin_requirements_currency_fk", {"currency": "QQQ"}),
    ("margin_calls_call_type_check", {"call_type": "reminder"}),
    ("margin_calls_status_check", {"status": "paused", "resolved_at": NOW}),
    ("margin_calls_margin_required_positive_check", {"margin_required": 0}),
    ("margin_calls_resolved_unless_active_check", {"status": "resolved"}),
    ("margin_calls_resolved_unless_active_check", {"resolved_at": NOW}),
    ("margin_calls_account_user_fk", {"account_id": NOBODY}),
    ("margin_calls_account_user_fk", {"user_id": NOBODY}),
    ("position_risk_metrics_value_at_risk_not_negative_check", {"value_at_risk": -1}),
    ("position_risk_metrics_tail_beyond_var_check", {"conditional_value_at_risk": 99}),
    ("position_risk_metrics_confidence_range_check", {"confidence": 1}),
    ("position_risk_metrics_horizon_days_positive_check", {"horizon_days": 0}),
    ("position_risk_metrics_drawdown_check", {"current_drawdown": "0.2", "max_drawdown": "0.1"}),
    ("position_risk_metrics_risk_score_range_check", {"risk_score": 101}),
    ("portfolio_risk_net_within_gross_check", {"gross_exposure": 10, "net_exposure": -11}),
    ("portfolio_risk_net_within_gross_check", {"gross_exposure": -1}),
    ("portfolio_risk_value_at_risk_not_negative_check", {"value_at_risk": -1}),
    ("portfolio_risk_tail_beyond_var_check", {"value_at_risk": 2, "conditional_value_at_risk": 1}),
    ("portfolio_risk_correlation_risk_range_check", {"correlation_risk": -1}),
    ("portfolio_risk_concentration_risk_range_check", {"concentration_risk": 101}),
    ("portfolio_risk_liquidity_risk_range_check", {"liquidity_risk": 101}),
    ("portfolio_risk_leverage_not_negative_check", {"leverage": -1}),
    ("portfolio_risk_drawdown_check", {"current_drawdown": "-0.1"}),
    ("portfolio_risk_open_positions_not_negative_check", {"open_positions": -1}),
    ("portfolio_risk_largest_position_percentage_range_check", {"largest_position_percentage": 101}),
    ("portfolio_risk_risk_score_range_check", {"risk_score": -1}),
    ("circuit_breakers_breaker_type_check", {"breaker_type": "mood"}),
    ("circuit_breakers_scope_check", {"scope": "planet", "scope_id": NOBODY}),
    ("circuit_breakers_status_check", {"status": "asleep"}),
    ("circuit_breakers_action_check", {"action": "panic"}),
    ("circuit_breakers_cooldown_seconds_not_negative_check", {"cooldown_seconds": -1}),
    ("circuit_breakers_scope_named_check", {"scope": "account"}),
    ("circuit_breakers_scope_named_check", {"scope_id": NOBODY}),
    ("circuit_breakers_threshold_present_check", {"threshold_value": None}),
    ("circuit_breakers_triggered_at_present_check", {"status": "triggered"}),
    ("circuit_breakers_triggered_at_present_check", {"triggered_at": NOW}),
    ("circuit_breakers_instrument_id_fk", {"scope": "instrument", "scope_id": NOBODY}),
    ("circuit_breakers_account_id_fk", {"scope": "account", "scope_id": NOBODY}),
    ("circuit_breaker_events_event_type_check", {"event_type": "forgotten"}),
    ("circuit_breaker_events_action_taken_check", {"action_taken": "panic"}),
    ("circuit_breaker_events_affected_orders_not_negative_check", {"affected_orders": -1}),
    ("circuit_breaker_events_affected_positions_not_negative_check", {"affected_positions": -1}),
    ("circuit_breaker_events_override_by_person_check", {"event_type": "manual_override"}),
    ("circuit_breaker_events_breaker_id_fk", {"breaker_id": NOBODY}),
    ("circuit_breaker_events_triggered_by_id_fk", {"triggered_by_id": NOBODY}),
    ("risk_alerts_alert_type_check", {"alert_type": "hunch"}),
    ("risk_alerts_severity_check", {"severity": "mild"}),
    ("risk_alerts_status_check", {"status": "ignored"}),
    ("risk_alerts_title_present_check", {"title": ""}),
    ("risk_alerts_occurrences_positive_check", {"occurrences": 0}),
    ("risk_alerts_notification_channels_check", {"notification_channels": ["email", "pigeon"]}),
    ("risk_alerts_acknowledged_by_person_check", {"status": "acknowledged", "acknowledged_at": NOW}),
    ("risk_alerts_acknowledged_at_present_check", {"status": "acknowledged"}),
    ("risk_alerts_resolved_at_present_check", {"status": "resolved"}),
    ("risk_alerts_resolved_at_present_check", {"resolved_at": NOW}),
    ("risk_alerts_account_id_fk", {"account_id": NOBODY}),
    ("risk_alerts_user_id_fk", {"user_id": NOBODY}),
    ("risk_alerts_instrument_id_fk", {"instrument_id": NOBODY}),
    ("risk_alerts_position_id_fk", {"position_id": NOBODY}),
    (
        "risk_alerts_acknowledged_by_id_fk",
        {"status": "acknowledged", "acknowledged_at": NOW, "acknowledged_by_id": NOBODY},
    ),
    ("risk_alerts_resolved_by_id_fk", {"status": "resolved", "resolved_at": NOW, "resolved_by_id": NOBODY}),
    ("stress_test_scenarios_scenario_type_check", {"scenario_type": "tea_break"}),
    ("stress_test_results_positions_closed_not_negative_check", {"positions_closed": -1}),
    ("stress_test_results_max_drawdown_not_negative_check", {"max_drawdown": -1}),
    ("stress_test_results_risk_score_range_check", {"risk_score": 101}),
    ("stress_test_results_liquidation_after_margin_call_check", {"liquidation_triggered": True}),
    ("stress_test_results_scenario_id_fk", {"scenario_id": NOBODY}),
    ("stress_test_results_account_id_fk", {"account_id": NOBODY}),
]

#: (the key that refuses a second row, what makes the first one differ from the good row)
TAKEN: list[tuple[str, Row]] = [
    ("risk_limits_active_uniq", {}),
    ("risk_limits_active_uniq", {"entity_type": "group", "entity_group": "vip"}),
    ("leverage_caps_class_uniq", {}),
    ("margin_rates_period_excl", {}),
    ("margin_requirements_account_instrument_uniq", {}),
    ("margin_calls_active_account_uniq", {}),
    ("circuit_breakers_breaker_name_uniq", {}),
    ("risk_alerts_open_dedup_key_uniq", {"dedup_key": "leverage"}),
    ("stress_test_scenarios_scenario_name_uniq", {}),
    ("stress_test_results_run_uniq", {}),
]

#: Columns that tell one row of these from the next; the leaf's index has a name of its own.
TAKEN_IN_PARTITION: list[tuple[str, str]] = [
    ("position_risk_metrics_position_uniq", "position_risk_metrics"),
    ("portfolio_risk_account_uniq", "portfolio_risk"),
]

#: Keys that foreign keys point at. A row that is there twice for them is there twice for a shorter key as well,
#: which refuses first.
IMPLIED = ["leverage_caps_value_uniq", "instruments_id_esma_class_uniq"]

TRIED = {name for name, _ in [*BAD, *TAKEN, *TAKEN_IN_PARTITION]} | {
    "circuit_breakers_trigger_condition_check",
    "stress_test_scenarios_market_shocks_check",
    "risk_limit_breaches_account_user_fk",
    *IMPLIED,
}


def table_of(constraint: str) -> str:
    return max((table for table in GOOD if constraint.startswith(f"{table}_")), key=len)


def insert(sql: Any, table: str, row: Row) -> Row:
    columns = ", ".join(row)
    values = ", ".join(["%s"] * len(row))
    (written,) = sql(f"INSERT INTO {table} ({columns}) VALUES ({values}) RETURNING *", list(row.values()))
    return written


@pytest.mark.parametrize("table", GOOD)
def test_the_smallest_row_is_accepted(table: str, world: World, sql: Any) -> None:
    row = insert(sql, table, GOOD[table](world))
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert row["id"] is not None
    assert row["created_at"] is not None


@pytest.mark.parametrize(("constraint", "wrong"), BAD, ids=[f"{name}-{','.join(row)}" for name, row in BAD])
def test_a_bad_row_is_refused(constraint: str, wrong: Row, world: World, sql: Any, refused: Any) -> None:
    table = table_of(constraint)
    with refused(constraint):
        insert(sql, table, GOOD[table](world) | wrong)


@pytest.mark.parametrize(("constraint", "wrong"), TAKEN, ids=[f"{name}-{','.join(row)}" for name, row in TAKEN])
def test_a_second_row_is_refused(constraint: str, wrong: Row, world: World, sql: Any, refused: Any) -> None:
    table = table_of(constraint)
    row = GOOD[table](world) | wrong
    insert(sql, table, row)
    with refused(constraint):
        insert(sql, table, row)


@pytest.mark.parametrize(("constraint", "table"), TAKEN_IN_PARTITION)
def test_a_second_row_is_refused_in_a_partition(
    constraint: str, table: str, world: World, sql: Any, refused: Any
) -> None:
    row = GOOD[table](world)
    insert(sql, table, row)
    with refused("duplicate key value violates unique constraint"):
        insert(sql, table, row)
    keys = sql("SELECT pg_get_indexdef(to_regclass(%s)) AS definition", [constraint])
    assert "UNIQUE" in keys[0]["definition"]


#: Rows beside those that are refused, which are right.
NEIGHBOURS: list[tuple[str, Row, Row]] = [
    ("risk_limits", {}, {"is_active": False}),
    (
        "risk_limits",
        {},
        {"limit_type": "max_drawdown", "limit_value": "0.2", "warning_threshold": "0.19999999"},
    ),
    (
        "risk_limits",
        {"entity_type": "group", "entity_group": "vip"},
        {"entity_type": "group", "entity_group": "pro"},
    ),
    ("margin_rates", {"valid_until": LATER}, {"valid_from": LATER}),
    ("margin_calls", {"status": "resolved", "resolved_at": NOW}, {}),
    ("risk_alerts", {"dedup_key": "x", "status": "resolved", "resolved_at": NOW}, {"dedup_key": "x"}),
    ("risk_alerts", {}, {}),
    ("stress_test_results", {}, {"run_id": uuid.UUID(int=1)}),
    (
        "position_risk_metrics",
        {},
        {"conditional_value_at_risk": 100, "calculated_at": TODAY + timedelta(hours=1)},
    ),
    (
        "portfolio_risk",
        {},
        {"gross_exposure": 10, "net_exposure": -10, "time_bucket": TODAY + timedelta(hours=1)},
    ),
]


@pytest.mark.parametrize(("table", "first", "second"), NEIGHBOURS)
def test_a_good_neighbour_is_accepted(table: str, first: Row, second: Row, world: World, sql: Any) -> None:
    insert(sql, table, GOOD[table](world) | first)
    insert(sql, table, GOOD[table](world) | second)
    sql("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("entity_type", "thing"), [("user", "user"), ("account", "account"), ("instrument", "instrument")]
)
def test_a_limit_is_for_something_that_exists(entity_type: str, thing: str, world: World, sql: Any) -> None:
    entity_id = getattr(world, thing).id
    row = insert(sql, "risk_limits", GOOD["risk_limits"](world) | {"entity_type": entity_type, "entity_id": entity_id})
    assert {name: row[f"{name}_id"] for name in ("user", "account", "instrument")} == {
        "user": None,
        "account": None,
        "instrument": None,
    } | {thing: entity_id}


@pytest.mark.parametrize("table", ["risk_limit_breaches", "margin_calls"])
def test_the_person_beside_an_account_is_its_owner(table: str, world: World, sql: Any, refused: Any) -> None:
    with refused(f"{table}_account_user_fk"):
        insert(sql, table, GOOD[table](world) | {"account_id": world.account.id, "user_id": world.stranger.id})


@pytest.mark.parametrize(
    ("breaker_type", "condition"),
    [
        ("volatility", {}),
        ("volatility", []),
        ("volatility", {"metric": "volatility"}),
        ("volatility", {"operator": ">"}),
        ("volatility", {"metric": "volatility", "operator": "=="}),
        ("volatility", {"metric": 5, "operator": ">"}),
        ("volatility", {"metric": "volatility", "operator": ">", "window_seconds": 0}),
        ("volatility", {"metric": "volatility", "operator": ">", "window_seconds": "300"}),
        ("volatility", {"metric": "volatility", "operator": ">", "minimum_samples": 1.5}),
        ("volatility", {"metric": "volatility", "operator": ">", "instrument_type": ["crypto"]}),
        ("volatility", {"metric": "volatility", "operator": ">", "currency": "usd"}),
        ("volatility", {"metric": "volatility", "operator": ">", "wind": "north"}),
        ("manual", {"metric": None, "operator": ">"}),
    ],
)
def test_a_condition_that_cannot_be_evaluated_is_refused(
    breaker_type: str, condition: Any, world: World, sql: Any, refused: Any
) -> None:
    row = GOOD["circuit_breakers"](world) | {
        "breaker_type": breaker_type,
        "trigger_condition": Jsonb(condition),
    }
    with refused("circuit_breakers_trigger_condition_check"):
        insert(sql, "circuit_breakers", row)


@pytest.mark.parametrize(
    ("breaker_type", "condition"),
    [
        ("manual", {}),
        (
            "price_movement",
            {
                "metric": "price_change",
                "operator": ">=",
                "window_seconds": 300,
                "minimum_samples": 10,
                "instrument_type": "crypto",
                "currency": "USD",
            },
        ),
    ],
)
def test_a_condition_that_can_be_evaluated_is_accepted(
    breaker_type: str, condition: Row, world: World, sql: Any
) -> None:
    row = GOOD["circuit_breakers"](world) | {
        "breaker_type": breaker_type,
        "trigger_condition": Jsonb(condition),
    }
    assert json.loads(insert(sql, "circuit_breakers", row)["trigger_condition"]) == condition


@pytest.mark.parametrize(
    "shocks",
    [
        {},
        [],
        5,
        None,
        {"": -0.1},
        {"crypto": "-0.4"},
        {"crypto": None},
        {"crypto": [-0.4]},
        {"crypto": -1.01},
    ],
)
def test_shocks_that_no_market_can_have_are_refused(shocks: Any, world: World, sql: Any, refused: Any) -> None:
    with refused("stress_test_scenarios_market_shocks_check"):
        insert(
            sql,
            "stress_test_scenarios",
            GOOD["stress_test_scenarios"](world) | {"market_shocks": Jsonb(shocks)},
        )


def test_shocks_reach_from_losing_everything_upwards(world: World, sql: Any) -> None:
    shocks = {"BTCUSD": -1, "forex": 0.05, "volatility": 3}
    row = GOOD["stress_test_scenarios"](world) | {"market_shocks": Jsonb(shocks)}
    assert json.loads(insert(sql, "stress_test_scenarios", row)["market_shocks"]) == shocks


def test_every_table_of_the_app_is_tried() -> None:
    assert set(GOOD) == {model._meta.db_table for model in apps.get_app_config("risk").get_models()}
