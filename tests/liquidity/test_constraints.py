"""What the database itself refuses, tried by plain SQL as the application's role."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Sql
from tests.rows import accounts, liquidity, trading

Refused = Callable[[str], AbstractContextManager[None]]

NOBODY = "00000000-0000-7000-8000-000000000000"

BUILDERS = {
    "liquidity_providers": liquidity.liquidity_provider,
    "lp_instruments": liquidity.lp_instrument,
    "lp_order_routing": liquidity.lp_order_routing,
    "lp_performance_metrics": liquidity.lp_performance_metric,
    "lp_exposure": liquidity.lp_exposure,
    "sor_rules": liquidity.sor_rule,
    "client_profiles": liquidity.client_profile,
}

#: (constraint, table, bad assignment): an UPDATE of a valid row.
BAD_UPDATES = [
    ("liquidity_providers_name_present_check", "liquidity_providers", "name = ''"),
    ("liquidity_providers_provider_type_check", "liquidity_providers", "provider_type = 'bank'"),
    ("liquidity_providers_protocol_check", "liquidity_providers", "protocol = 'fax'"),
    ("liquidity_providers_connection_status_check", "liquidity_providers", "connection_status = 'up'"),
    ("liquidity_providers_lei_format_check", "liquidity_providers", "lei = '529900T8BM49AURSDO5'"),
    (
        "liquidity_providers_connection_string_without_secret_check",
        "liquidity_providers",
        "connection_string = 'tcp://user:secret@fix.example:9876/session'",
    ),
    (
        "liquidity_providers_connection_string_without_secret_check",
        "liquidity_providers",
        "connection_string = 'wss://stream.example/ws?apiKey=abc'",
    ),
    ("liquidity_providers_priority_not_negative_check", "liquidity_providers", "priority = -1"),
    ("liquidity_providers_min_order_size_not_negative_check", "liquidity_providers", "min_order_size = -1"),
    (
        "liquidity_providers_order_size_order_check",
        "liquidity_providers",
        "min_order_size = 2, max_order_size = 1",
    ),
    ("liquidity_providers_order_size_order_check", "liquidity_providers", "max_order_size = 0"),
    ("liquidity_providers_latency_ms_not_negative_check", "liquidity_providers", "latency_ms = -1"),
    (
        "liquidity_providers_uptime_percentage_range_check",
        "liquidity_providers",
        "uptime_percentage = 100.01",
    ),
    (
        "liquidity_providers_total_volume_24h_not_negative_check",
        "liquidity_providers",
        "total_volume_24h = -1",
    ),
    (
        "liquidity_providers_total_trades_24h_not_negative_check",
        "liquidity_providers",
        "total_trades_24h = -1",
    ),
    ("liquidity_providers_volume_has_currency_check", "liquidity_providers", "total_volume_24h = 1"),
    ("liquidity_providers_currency_fk", "liquidity_providers", "currency = 'NONE'"),
    ("lp_instruments_lp_symbol_present_check", "lp_instruments", "lp_symbol = ''"),
    ("lp_instruments_min_quantity_not_negative_check", "lp_instruments", "min_quantity = -1"),
    ("lp_instruments_quantity_order_check", "lp_instruments", "min_quantity = 2, max_quantity = 1"),
    ("lp_instruments_tick_size_positive_check", "lp_instruments", "tick_size = 0"),
    ("lp_instruments_commission_rate_range_check", "lp_instruments", "commission_rate = 1.1"),
    ("lp_instruments_markup_bps_not_negative_check", "lp_instruments", "markup_bps = -1"),
    ("lp_instruments_spread_markup_bps_not_negative_check", "lp_instruments", "spread_markup_bps = -1"),
    ("lp_instruments_priority_not_negative_check", "lp_instruments", "priority = -1"),
    ("lp_instruments_max_slippage_bps_not_negative_check", "lp_instruments", "max_slippage_bps = -1"),
    ("lp_instruments_provider_id_fk", "lp_instruments", f"provider_id = '{NOBODY}'"),
    ("lp_instruments_instrument_id_fk", "lp_instruments", f"instrument_id = '{NOBODY}'"),
    ("lp_order_routing_routing_decision_check", "lp_order_routing", "routing_decision = 'cbook'"),
    ("lp_order_routing_capacity_check", "lp_order_routing", "capacity = 'PRIN'"),
    ("lp_order_routing_provider_unless_bbook_check", "lp_order_routing", "provider_id = NULL"),
    ("lp_order_routing_quantity_positive_check", "lp_order_routing", "quantity = 0"),
    ("lp_order_routing_routing_score_range_check", "lp_order_routing", "routing_score = 100.5"),
    ("lp_order_routing_expected_fill_price_positive_check", "lp_order_routing", "expected_fill_price = 0"),
    ("lp_order_routing_actual_fill_price_positive_check", "lp_order_routing", "actual_fill_price = 0"),
    ("lp_order_routing_commission_has_currency_check", "lp_order_routing", "commission = 1"),
    ("lp_order_routing_routing_latency_ms_not_negative_check", "lp_order_routing", "routing_latency_ms = -1"),
    (
        "lp_order_routing_execution_latency_ms_not_negative_check",
        "lp_order_routing",
        "execution_latency_ms = -1",
    ),
    ("lp_order_routing_failure_has_reason_check", "lp_order_routing", "success = false"),
    ("lp_order_routing_failure_has_reason_check", "lp_order_routing", "error_message = 'no liquidity'"),
    (
        "lp_order_routing_failure_has_reason_check",
        "lp_order_routing",
        "success = true, actual_fill_price = 1, executed_at = now(), error_message = 'no liquidity'",
    ),
    ("lp_order_routing_success_has_price_check", "lp_order_routing", "success = true, executed_at = now()"),
    ("lp_order_routing_success_has_price_check", "lp_order_routing", "success = true, actual_fill_price = 1"),
    (
        "lp_order_routing_rejected_without_success_check",
        "lp_order_routing",
        "routing_decision = 'rejected', success = true, actual_fill_price = 1, executed_at = now()",
    ),
    (
        "lp_order_routing_acknowledged_after_routed_check",
        "lp_order_routing",
        "acknowledged_at = routed_at - interval '1 ms'",
    ),
    (
        "lp_order_routing_executed_after_routed_check",
        "lp_order_routing",
        "executed_at = routed_at - interval '1 ms'",
    ),
    (
        "lp_order_routing_executed_after_routed_check",
        "lp_order_routing",
        "acknowledged_at = routed_at + interval '2 ms', executed_at = routed_at + interval '1 ms'",
    ),
    ("lp_order_routing_order_id_fk", "lp_order_routing", f"order_id = '{NOBODY}'"),
    ("lp_order_routing_provider_id_fk", "lp_order_routing", f"provider_id = '{NOBODY}'"),
    ("lp_order_routing_rule_id_fk", "lp_order_routing", f"rule_id = '{NOBODY}'"),
    ("lp_order_routing_commission_currency_fk", "lp_order_routing", "commission_currency = 'NONE'"),
    ("lp_performance_metrics_bucket_interval_check", "lp_performance_metrics", "bucket_interval = '2m'"),
    (
        "lp_performance_metrics_time_bucket_aligned_check",
        "lp_performance_metrics",
        "time_bucket = time_bucket + interval '1 second'",
    ),
    ("lp_performance_metrics_time_bucket_aligned_check", "lp_performance_metrics", "bucket_interval = '5m'"),
    (
        "lp_performance_metrics_stale_quote_count_not_negative_check",
        "lp_performance_metrics",
        "stale_quote_count = -1",
    ),
    (
        "lp_performance_metrics_spread_bps_sum_not_negative_check",
        "lp_performance_metrics",
        "spread_bps_sum = -1",
    ),
    ("lp_performance_metrics_fill_count_not_negative_check", "lp_performance_metrics", "fill_count = -1"),
    ("lp_performance_metrics_reject_count_not_negative_check", "lp_performance_metrics", "reject_count = -1"),
    (
        "lp_performance_metrics_timeout_count_not_negative_check",
        "lp_performance_metrics",
        "timeout_count = -1",
    ),
    (
        "lp_performance_metrics_quantity_filled_not_negative_check",
        "lp_performance_metrics",
        "quantity_filled = -1",
    ),
    (
        "lp_performance_metrics_notional_filled_not_negative_check",
        "lp_performance_metrics",
        "notional_filled = -1, currency = 'USD'",
    ),
    (
        "lp_performance_metrics_slippage_count_not_negative_check",
        "lp_performance_metrics",
        "slippage_count = -1",
    ),
    (
        "lp_performance_metrics_latency_ms_sum_not_negative_check",
        "lp_performance_metrics",
        "latency_ms_sum = -1",
    ),
    (
        "lp_performance_metrics_latency_count_not_negative_check",
        "lp_performance_metrics",
        "latency_count = -1",
    ),
    (
        "lp_performance_metrics_latency_ms_max_not_negative_check",
        "lp_performance_metrics",
        "latency_ms_max = -1",
    ),
    (
        "lp_performance_metrics_downtime_seconds_not_negative_check",
        "lp_performance_metrics",
        "downtime_seconds = -1",
    ),
    (
        "lp_performance_metrics_stale_quotes_within_quotes_check",
        "lp_performance_metrics",
        "quote_count = 1, stale_quote_count = 2",
    ),
    (
        "lp_performance_metrics_answers_within_orders_check",
        "lp_performance_metrics",
        "order_count = 2, fill_count = 1, reject_count = 1, timeout_count = 1",
    ),
    (
        "lp_performance_metrics_quantity_filled_within_requested_check",
        "lp_performance_metrics",
        "quantity_requested = 1, quantity_filled = 1.00000001",
    ),
    ("lp_performance_metrics_notional_has_currency_check", "lp_performance_metrics", "notional_filled = 1"),
    ("lp_performance_metrics_provider_id_fk", "lp_performance_metrics", f"provider_id = '{NOBODY}'"),
    ("lp_performance_metrics_instrument_id_fk", "lp_performance_metrics", f"instrument_id = '{NOBODY}'"),
    ("lp_performance_metrics_currency_fk", "lp_performance_metrics", "currency = 'NONE'"),
    ("lp_exposure_long_exposure_not_negative_check", "lp_exposure", "long_exposure = -1"),
    ("lp_exposure_short_exposure_not_negative_check", "lp_exposure", "short_exposure = -1"),
    ("lp_exposure_volume_24h_not_negative_check", "lp_exposure", "volume_24h = -1"),
    ("lp_exposure_exposure_limit_positive_check", "lp_exposure", "exposure_limit = 0"),
    ("lp_exposure_provider_id_fk", "lp_exposure", f"provider_id = '{NOBODY}'"),
    ("lp_exposure_instrument_id_fk", "lp_exposure", f"instrument_id = '{NOBODY}'"),
    ("lp_exposure_currency_fk", "lp_exposure", "currency = 'NONE'"),
    ("sor_rules_rule_name_present_check", "sor_rules", "rule_name = ''"),
    ("sor_rules_rule_type_check", "sor_rules", "rule_type = 'cbook'"),
    ("sor_rules_fallback_action_check", "sor_rules", "fallback_action = 'wait'"),
    ("sor_rules_priority_not_negative_check", "sor_rules", "priority = -1"),
    ("sor_rules_conditions_valid_check", "sor_rules", """conditions = '{"weather": {"eq": "rain"}}'"""),
    ("sor_rules_actions_valid_check", "sor_rules", "actions = '{}'"),
    ("sor_rules_type_matches_route_check", "sor_rules", """actions = '{"route": "bbook"}'"""),
    ("sor_rules_valid_period_check", "sor_rules", "valid_until = valid_from"),
    ("client_profiles_profile_type_check", "client_profiles", "profile_type = 'nice'"),
    ("client_profiles_trading_style_check", "client_profiles", "trading_style = 'wild'"),
    ("client_profiles_risk_category_check", "client_profiles", "risk_category = 'none'"),
    ("client_profiles_toxicity_score_range_check", "client_profiles", "toxicity_score = 101"),
    ("client_profiles_profitability_score_range_check", "client_profiles", "profitability_score = -0.01"),
    ("client_profiles_win_rate_range_check", "client_profiles", "win_rate = 1.1"),
    (
        "client_profiles_avg_trade_duration_seconds_not_negative_check",
        "client_profiles",
        "avg_trade_duration_seconds = -1",
    ),
    ("client_profiles_avg_trade_size_not_negative_check", "client_profiles", "avg_trade_size = -1"),
    ("client_profiles_total_trades_not_negative_check", "client_profiles", "total_trades = -1"),
    ("client_profiles_total_volume_not_negative_check", "client_profiles", "total_volume = -1"),
    (
        "client_profiles_abook_percentage_range_check",
        "client_profiles",
        "abook_percentage = -1, bbook_percentage = 101",
    ),
    (
        "client_profiles_bbook_percentage_range_check",
        "client_profiles",
        "bbook_percentage = -1",
    ),
    (
        "client_profiles_percentages_sum_check",
        "client_profiles",
        "abook_percentage = 60, bbook_percentage = 39.99",
    ),
    (
        "client_profiles_manual_override_route_check",
        "client_profiles",
        "auto_route = false, manual_override_route = 'cbook'",
    ),
    ("client_profiles_override_iff_manual_check", "client_profiles", "auto_route = false"),
    ("client_profiles_override_iff_manual_check", "client_profiles", "manual_override_route = 'abook'"),
    ("client_profiles_account_user_fk", "client_profiles", f"user_id = '{NOBODY}'"),
    ("client_profiles_account_user_fk", "client_profiles", f"account_id = '{NOBODY}'"),
]

TRIED = [
    *{constraint for constraint, _, _ in BAD_UPDATES},
    "liquidity_providers_name_uniq",
    "lp_instruments_provider_instrument_uniq",
    "lp_instruments_provider_symbol_uniq",
    "lp_performance_metrics_bucket_uniq",
    "lp_exposure_provider_instrument_uniq",
    "sor_rules_rule_name_uniq",
    "sor_rules_active_priority_uniq",
    "client_profiles_account_uniq",
    "lp_quotes_bid_positive_check",
    "lp_quotes_bid_not_above_ask_check",
    "lp_quotes_bid_size_not_negative_check",
    "lp_quotes_ask_size_not_negative_check",
    "lp_quotes_provider_id_fk",
    "lp_quotes_instrument_id_fk",
    "orders_liquidity_provider_id_fk",
    "trades_liquidity_provider_id_fk",
]


def written(table: str) -> Any:
    """A valid row of `table`, with what the bad assignments need."""
    accounts.currency("USD")
    return BUILDERS[table]()


@pytest.mark.parametrize(
    ("constraint", "table", "assignment"), BAD_UPDATES, ids=[f"{name}: {bad}" for name, _, bad in BAD_UPDATES]
)
def test_bad_update_is_refused(sql: Sql, refused: Refused, constraint: str, table: str, assignment: str) -> None:
    row = written(table)
    with refused(constraint):
        sql(f"UPDATE {table} SET {assignment} WHERE id = %s", [row.pk])


@pytest.mark.parametrize(
    ("table", "assignment"),
    [
        ("liquidity_providers", "lei = '529900T8BM49AURSDO55'"),
        ("liquidity_providers", "connection_string = 'wss://stream.example:9443/ws/btcusdt@bookTicker'"),
        ("liquidity_providers", "connection_string = 'tcp://session@fix.example:9876'"),
        ("liquidity_providers", "min_order_size = 1, max_order_size = 1"),
        ("liquidity_providers", "uptime_percentage = 100, latency_ms = 0"),
        ("liquidity_providers", "total_volume_24h = 1, currency = 'USD'"),
        ("lp_instruments", "min_quantity = 1, max_quantity = 1, tick_size = 0.00000001"),
        ("lp_instruments", "commission_rate = -0.00002"),
        ("lp_order_routing", "provider_id = NULL, routing_decision = 'bbook'"),
        ("lp_order_routing", "success = false, error_message = 'no liquidity'"),
        ("lp_order_routing", "success = true, actual_fill_price = 1.1, executed_at = routed_at"),
        ("lp_order_routing", "commission = -1, commission_currency = 'USD', slippage = -0.1"),
        ("lp_performance_metrics", "bucket_interval = '15m', time_bucket = '2026-01-02 10:15+00'"),
        ("lp_performance_metrics", "bucket_interval = '1h', time_bucket = '2026-01-02 10:00+00'"),
        ("lp_performance_metrics", "bucket_interval = '1d', time_bucket = '2026-01-02 00:00+00'"),
        ("lp_performance_metrics", "order_count = 3, fill_count = 1, reject_count = 1, timeout_count = 1"),
        ("lp_performance_metrics", "quantity_requested = 1, quantity_filled = 1, slippage_bps_sum = -1"),
        ("sor_rules", "valid_until = valid_from + interval '1 microsecond'"),
        ("sor_rules", """rule_type = 'conditional', actions = '{"route": "bbook"}'"""),
        ("client_profiles", "abook_percentage = 33.33, bbook_percentage = 66.67"),
        ("client_profiles", "auto_route = false, manual_override_route = 'abook'"),
    ],
)
def test_good_neighbour_is_accepted(sql: Sql, table: str, assignment: str) -> None:
    row = written(table)
    assert len(sql(f"UPDATE {table} SET {assignment} WHERE id = %s RETURNING id", [row.pk])) == 1


def test_provider_name_is_unique_until_the_provider_is_deleted(sql: Sql, refused: Refused) -> None:
    provider = liquidity.liquidity_provider(name="OANDA")
    insert = "INSERT INTO liquidity_providers (name, provider_type, protocol) VALUES ('OANDA', 'exchange', 'rest')"
    with refused("liquidity_providers_name_uniq"):
        sql(insert)
    sql("DELETE FROM liquidity_providers WHERE id = %s", [provider.pk])
    sql(insert)
    rows = sql("SELECT deleted_at FROM liquidity_providers WHERE name = 'OANDA' ORDER BY deleted_at NULLS LAST")
    assert [row["deleted_at"] is not None for row in rows] == [True, False]


def test_instrument_is_offered_once_per_provider(db: None, refused: Refused) -> None:
    offer = liquidity.lp_instrument()
    with refused("lp_instruments_provider_instrument_uniq"):
        liquidity.lp_instrument(provider=offer.provider, instrument=offer.instrument)
    with refused("lp_instruments_provider_symbol_uniq"):
        liquidity.lp_instrument(provider=offer.provider, lp_symbol=offer.lp_symbol)
    liquidity.lp_instrument(instrument=offer.instrument, lp_symbol=offer.lp_symbol)


def test_performance_bucket_over_all_instruments_is_there_once(db: None, refused: Refused) -> None:
    bucket = liquidity.lp_performance_metric()
    with refused("lp_performance_metrics_bucket_uniq"):
        liquidity.lp_performance_metric(provider=bucket.provider)
    liquidity.lp_performance_metric(provider=bucket.provider, instrument=trading.instrument())


def test_exposure_is_one_row_per_provider_and_instrument(db: None, refused: Refused) -> None:
    exposure = liquidity.lp_exposure()
    with refused("lp_exposure_provider_instrument_uniq"):
        liquidity.lp_exposure(provider=exposure.provider, instrument=exposure.instrument)


def test_active_rules_do_not_share_a_priority(db: None, refused: Refused) -> None:
    rule = liquidity.sor_rule(priority=5)
    with refused("sor_rules_active_priority_uniq"):
        liquidity.sor_rule(priority=5)
    liquidity.sor_rule(priority=5, is_active=False)
    with refused("sor_rules_rule_name_uniq"):
        liquidity.sor_rule(rule_name=rule.rule_name)


def test_account_has_one_profile(db: None, refused: Refused) -> None:
    profile = liquidity.client_profile()
    with refused("client_profiles_account_uniq"):
        liquidity.client_profile(account=profile.account)


def test_profile_belongs_to_the_owner_of_the_account(db: None, refused: Refused) -> None:
    stranger = accounts.account().user
    with refused("client_profiles_account_user_fk"):
        liquidity.client_profile(user=stranger)


@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        ("lp_quotes_bid_positive_check", {"bid": 0, "ask": 0}),
        ("lp_quotes_bid_positive_check", {"bid": -1, "ask": Decimal("1.00000001")}),
        ("lp_quotes_bid_not_above_ask_check", {"bid": Decimal("1.00000001"), "ask": 1}),
        ("lp_quotes_bid_not_above_ask_check", {"bid": 10**15, "ask": Decimal("0.00000001")}),
        ("lp_quotes_bid_size_not_negative_check", {"bid_size": -1}),
        ("lp_quotes_ask_size_not_negative_check", {"ask_size": -1}),
        ("lp_quotes_provider_id_fk", {"provider_id": uuid.UUID(NOBODY), "provider": None}),
        ("lp_quotes_instrument_id_fk", {"instrument_id": uuid.UUID(NOBODY), "instrument": None}),
    ],
)
def test_bad_quote_is_refused(refused: Refused, sql: Sql, constraint: str, columns: dict[str, Any]) -> None:
    good = liquidity.lp_quote()
    values = {"provider_id": good.provider_id, "instrument_id": good.instrument_id, "bid": 1, "ask": 1}
    values |= {name: value for name, value in columns.items() if value is not None}
    names = ", ".join(values)
    with refused(constraint):
        sql(
            f"INSERT INTO lp_quotes (quoted_at, {names}) VALUES (now(), {', '.join(['%s'] * len(values))})",
            list(values.values()),
        )


def test_order_names_a_provider_that_exists(sql: Sql, refused: Refused) -> None:
    order = trading.order()
    with refused("orders_liquidity_provider_id_fk"):
        sql("UPDATE orders SET liquidity_provider_id = %s WHERE id = %s", [NOBODY, order.pk])
    provider = liquidity.liquidity_provider()
    sql("UPDATE orders SET liquidity_provider_id = %s WHERE id = %s", [provider.pk, order.pk])


def test_trade_names_a_provider_that_exists(as_owner: None, sql: Sql, refused: Refused) -> None:
    """Even if the owner writes it by hand, as a bust of another one."""
    trade = trading.trade()
    same = "account_id, user_id, position_id, order_id, instrument_id, quantity, price, contract_size, venue"
    with refused("trades_liquidity_provider_id_fk"):
        sql(
            f"INSERT INTO trades ({same}, side, position_effect, execution_id, busts_id, liquidity_provider_id)"
            f" SELECT {same}, 'sell', 'close', 'by hand', id, %s FROM trades WHERE id = %s",
            [NOBODY, trade.pk],
        )


def test_defaults_are_made_by_the_database(sql: Sql) -> None:
    provider = sql(
        "INSERT INTO liquidity_providers (name, provider_type, protocol) VALUES ('A', 'exchange', 'rest') RETURNING *"
    )[0]
    assert provider["is_active"] is True
    assert provider["connection_status"] == "disconnected"
    assert provider["supported_instruments"] == []
    assert provider["config"] == "{}"
    assert provider["created_at"] == provider["updated_at"]
    instrument = trading.instrument()
    offer = sql(
        "INSERT INTO lp_instruments (provider_id, instrument_id, lp_symbol) VALUES (%s, %s, 'EURUSD') RETURNING *",
        [provider["id"], instrument.pk],
    )[0]
    assert (offer["is_enabled"], offer["priority"], offer["trading_hours"]) == (True, 100, "{}")
    quote = sql(
        "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask)"
        " VALUES (%s, %s, now(), 1.0999, 1.1001) RETURNING *, now() AS now",
        [provider["id"], instrument.pk],
    )[0]
    assert quote["spread_bps"] == Decimal("1.8182")
    assert (quote["received_at"], quote["is_stale"], quote["bid_size"]) == (quote["now"], False, None)
    routing = sql(
        "INSERT INTO lp_order_routing (order_id, routing_decision) VALUES (%s, 'bbook') RETURNING *",
        [trading.order().pk],
    )[0]
    assert (routing["capacity"], routing["commission"], routing["success"]) == ("DEAL", 0, None)
    metric = sql(
        "INSERT INTO lp_performance_metrics (provider_id, time_bucket, bucket_interval)"
        " VALUES (%s, '2026-01-01 00:00+00', '1d') RETURNING *",
        [provider["id"]],
    )[0]
    assert (metric["quote_count"], metric["latency_ms_sum"], metric["metadata"]) == (0, 0, "{}")
    exposure = sql(
        "INSERT INTO lp_exposure (provider_id, instrument_id, currency) VALUES (%s, %s, 'USD') RETURNING *",
        [provider["id"], instrument.pk],
    )[0]
    assert (exposure["net_exposure"], exposure["risk_utilization"]) == (0, None)
    rule = sql(
        "INSERT INTO sor_rules (rule_name, rule_type, priority, conditions, actions)"
        """ VALUES ('all', 'bbook', 1, '{}', '{"route": "bbook"}') RETURNING *, now() AS now"""
    )[0]
    assert (rule["is_active"], rule["fallback_action"], rule["valid_from"]) == (True, "reject", rule["now"])
    account = accounts.account()
    profile = sql(
        "INSERT INTO client_profiles (account_id, user_id) VALUES (%s, %s) RETURNING *",
        [account.pk, account.user_id],
    )[0]
    assert (profile["abook_percentage"], profile["bbook_percentage"], profile["profile_type"]) == (
        0,
        100,
        "neutral",
    )


def test_exposure_is_generated(db: None) -> None:
    exposure = liquidity.lp_exposure(long_exposure=100, short_exposure=150, exposure_limit=200)
    exposure.refresh_from_db()
    assert (exposure.net_exposure, exposure.risk_utilization) == (-50, Decimal("0.25"))


def test_exposure_far_beyond_a_tiny_limit_does_not_overflow(db: None) -> None:
    exposure = liquidity.lp_exposure(long_exposure=10**9, short_exposure=0, exposure_limit=Decimal("0.01"))
    exposure.refresh_from_db()
    assert exposure.risk_utilization == 10**11


@pytest.mark.parametrize(
    "statement", ["UPDATE lp_quotes SET is_stale = true", "DELETE FROM lp_quotes", "TRUNCATE lp_quotes"]
)
def test_quotes_are_append_only_for_the_application(sql: Sql, refused: Refused, statement: str) -> None:
    liquidity.lp_quote()
    with refused("permission denied for table lp_quotes"):
        sql(statement)


def test_update_moves_updated_at(sql: Sql) -> None:
    rule = liquidity.sor_rule(description="")
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    row = sql(
        "UPDATE sor_rules SET updated_at = %s, is_active = false WHERE id = %s RETURNING updated_at, now() AS now",
        [long_ago, rule.pk],
    )[0]
    assert row["updated_at"] == row["now"]
