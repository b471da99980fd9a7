"""What the database refuses of the trading app, by plain SQL as the application's role.

Each table has one valid row of the fewest columns; a bad write differs from it in what stands beside the
constraint.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from tests.rows import accounts
from tests.rows import trading as rows

# Midnight, so that the names of the tests are the same in every process of a run.
NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
LATER = NOW + timedelta(days=1)
NOBODY = UUID("00000000-0000-7000-8000-000000000000")
_numbers = count(1)

Columns = dict[str, Any]


def _instruments() -> Columns:
    quote = rows.instrument().quote_currency
    return {
        "symbol": f"NEW{next(_numbers)}",
        "instrument_type": "index",
        "esma_class": "fx_minor_gold_index",
        "quote_currency": quote.code,
        "tick_size": "0.1",
        "min_quantity": "0.1",
        "max_quantity": 50,
        "quantity_step": "0.1",
        "contract_size": 1,
    }


def _instrument_sessions() -> Columns:
    return {"instrument_id": rows.instrument().id, "weekday": 1}


def _instrument_marks() -> Columns:
    return {"instrument_id": rows.instrument().id, "marked_at": NOW, "mid": "1.1"}


def _orders() -> Columns:
    account = accounts.account()
    return {
        "account_id": account.id,
        "user_id": account.user_id,
        "client_order_id": f"c{next(_numbers)}",
        "instrument_id": rows.instrument().id,
        "order_type": "market",
        "side": "buy",
        "quantity": 2,
    }


def _fee_schedules() -> Columns:
    return {"instrument_id": rows.instrument().id}


def _corporate_actions() -> Columns:
    return {"instrument_id": rows.instrument().id, "action": "split", "ex_date": date(2026, 6, 1), "ratio": 2}


VALID: dict[str, Callable[[], Columns]] = {
    "instruments": _instruments,
    "instrument_sessions": _instrument_sessions,
    "instrument_marks": _instrument_marks,
    "orders": _orders,
    "fee_schedules": _fee_schedules,
    "corporate_actions": _corporate_actions,
}

Insert = Callable[..., dict[str, Any]]


@pytest.fixture
def insert(sql: Callable[..., list[dict[str, Any]]]) -> Insert:
    """`insert("orders", quantity=0)`: the valid row, changed; returns the row as the database keeps it."""

    def run(table: str, row: Columns | None = None, **columns: Any) -> dict[str, Any]:
        row = {**(VALID[table]() if row is None else row), **columns}
        names, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        return sql(f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING *", row)[0]

    return run


FILLED = {"filled_quantity": 2, "filled_notional": "2.2"}

# Table by table: the constraint, and what is wrong with the row.
BAD_ROWS: list[tuple[str, str, Columns]] = [
    # instruments
    ("instruments", "instruments_symbol_check", {"symbol": "eurusd"}),
    ("instruments", "instruments_symbol_check", {"symbol": ""}),
    ("instruments", "instruments_instrument_type_check", {"instrument_type": "bond"}),
    ("instruments", "instruments_esma_class_check", {"esma_class": "bond"}),
    ("instruments", "instruments_pair_has_base_currency_check", {"instrument_type": "forex"}),
    ("instruments", "instruments_pair_has_base_currency_check", {"instrument_type": "crypto"}),
    ("instruments", "instruments_currencies_differ_check", {"base_currency": "USD"}),
    ("instruments", "instruments_base_currency_fk", {"base_currency": "NIL"}),
    ("instruments", "instruments_quote_currency_fk", {"quote_currency": "NIL"}),
    ("instruments", "instruments_tick_size_positive_check", {"tick_size": 0}),
    ("instruments", "instruments_min_quantity_positive_check", {"min_quantity": 0}),
    ("instruments", "instruments_quantity_step_positive_check", {"quantity_step": 0}),
    ("instruments", "instruments_contract_size_positive_check", {"contract_size": 0}),
    ("instruments", "instruments_quantity_range_check", {"max_quantity": "0"}),
    ("instruments", "instruments_quantity_on_step_check", {"min_quantity": "0.15"}),
    ("instruments", "instruments_quantity_on_step_check", {"max_quantity": "50.01"}),
    ("instruments", "instruments_leverage_max_check", {"leverage_max": "0.5"}),
    ("instruments", "instruments_margin_rate_check", {"margin_rate": 0}),
    ("instruments", "instruments_margin_rate_check", {"margin_rate": "1.01"}),
    ("instruments", "instruments_commission_rate_not_negative_check", {"commission_rate": "-0.01"}),
    ("instruments", "instruments_isin_check", {"isin": "US037833100"}),
    ("instruments", "instruments_cfi_code_check", {"cfi_code": "ESVU"}),
    # instrument_sessions
    ("instrument_sessions", "instrument_sessions_kind_check", {"kind": "monthly"}),
    ("instrument_sessions", "instrument_sessions_day_by_kind_check", {"weekday": None}),
    ("instrument_sessions", "instrument_sessions_day_by_kind_check", {"holiday_date": date(2026, 12, 25)}),
    ("instrument_sessions", "instrument_sessions_day_by_kind_check", {"kind": "holiday"}),
    ("instrument_sessions", "instrument_sessions_weekday_check", {"weekday": 0}),
    ("instrument_sessions", "instrument_sessions_weekday_check", {"weekday": 8}),
    ("instrument_sessions", "instrument_sessions_minutes_check", {"end_minute": 1441}),
    ("instrument_sessions", "instrument_sessions_minutes_check", {"start_minute": -1}),
    ("instrument_sessions", "instrument_sessions_minutes_check", {"start_minute": 600, "end_minute": 600}),
    ("instrument_sessions", "instrument_sessions_instrument_id_fk", {"instrument_id": NOBODY}),
    # instrument_marks
    ("instrument_marks", "instrument_marks_mid_positive_check", {"mid": 0}),
    ("instrument_marks", "instrument_marks_bid_positive_check", {"bid": 0}),
    ("instrument_marks", "instrument_marks_bid_mid_ask_check", {"bid": "1.2"}),
    ("instrument_marks", "instrument_marks_bid_mid_ask_check", {"ask": "1.0"}),
    # orders
    ("orders", "orders_client_order_id_check", {"client_order_id": ""}),
    ("orders", "orders_order_type_check", {"order_type": "iceberg"}),
    ("orders", "orders_side_check", {"side": "short"}),
    ("orders", "orders_status_check", {"status": "cancelled"}),
    ("orders", "orders_time_in_force_check", {"time_in_force": "gtx"}),
    ("orders", "orders_execution_type_check", {"execution_type": "cbook"}),
    ("orders", "orders_routing_decision_check", {"routing_decision": "cbook"}),
    ("orders", "orders_quantity_positive_check", {"quantity": 0}),
    ("orders", "orders_filled_quantity_not_negative_check", {"status": "suspended", "filled_quantity": -1}),
    (
        "orders",
        "orders_filled_within_quantity_check",
        {"status": "canceled", "filled_quantity": 3, "filled_notional": "3.3"},
    ),
    ("orders", "orders_filled_by_status_check", {"status": "new", **FILLED}),
    ("orders", "orders_filled_by_status_check", {"status": "partially_filled"}),
    ("orders", "orders_filled_by_status_check", {"status": "partially_filled", **FILLED}),
    ("orders", "orders_filled_by_status_check", {"status": "filled"}),
    ("orders", "orders_filled_notional_check", {"status": "filled", "filled_quantity": 2}),
    ("orders", "orders_filled_notional_check", {"filled_notional": 1}),
    ("orders", "orders_prices_by_type_check", {"limit_price": "1.1"}),
    ("orders", "orders_prices_by_type_check", {"price": "1.1"}),
    ("orders", "orders_prices_by_type_check", {"order_type": "limit"}),
    ("orders", "orders_prices_by_type_check", {"order_type": "limit", "limit_price": "1.1"}),
    ("orders", "orders_prices_by_type_check", {"order_type": "take_profit", "stop_price": "1.1"}),
    ("orders", "orders_prices_by_type_check", {"order_type": "stop"}),
    ("orders", "orders_prices_by_type_check", {"order_type": "stop", "stop_price": 1, "limit_price": 1}),
    ("orders", "orders_prices_by_type_check", {"order_type": "stop_limit", "stop_price": 1}),
    ("orders", "orders_prices_by_type_check", {"order_type": "stop_limit", "limit_price": 1}),
    ("orders", "orders_prices_by_type_check", {"order_type": "trailing_stop", "stop_price": 1}),
    ("orders", "orders_prices_positive_check", {"order_type": "limit", "price": 0}),
    ("orders", "orders_prices_positive_check", {"order_type": "stop", "stop_price": 0}),
    (
        "orders",
        "orders_prices_positive_check",
        {"order_type": "stop_limit", "stop_price": 1, "limit_price": 0},
    ),
    (
        "orders",
        "orders_prices_positive_check",
        {"order_type": "trailing_stop", "trailing_distance": 0},
    ),
    ("orders", "orders_prices_positive_check", {"take_profit": 0}),
    ("orders", "orders_prices_positive_check", {"stop_loss": 0}),
    ("orders", "orders_exits_by_side_check", {"stop_loss": "1.2", "take_profit": "1.1"}),
    ("orders", "orders_exits_by_side_check", {"side": "sell", "stop_loss": "1.1", "take_profit": "1.2"}),
    ("orders", "orders_good_till_date_check", {"time_in_force": "gtd"}),
    ("orders", "orders_good_till_date_check", {"time_in_force": "gtc", "good_till_date": LATER}),
    (
        "orders",
        "orders_good_till_date_after_receipt_check",
        {"time_in_force": "gtd", "received_at": LATER, "good_till_date": NOW},
    ),
    ("orders", "orders_post_only_rests_check", {"is_post_only": True}),
    (
        "orders",
        "orders_post_only_rests_check",
        {"is_post_only": True, "order_type": "limit", "price": 1, "time_in_force": "ioc"},
    ),
    ("orders", "orders_commission_currency_check", {"commission": 1}),
    ("orders", "orders_reject_reason_check", {"status": "rejected"}),
    ("orders", "orders_reject_reason_check", {"reject_reason": "no money"}),
    ("orders", "orders_times_after_receipt_check", {"received_at": LATER, "submitted_at": NOW}),
    ("orders", "orders_times_after_receipt_check", {"received_at": LATER, "filled_at": NOW}),
    ("orders", "orders_times_after_receipt_check", {"received_at": LATER, "canceled_at": NOW}),
    ("orders", "orders_times_after_receipt_check", {"received_at": LATER, "expired_at": NOW}),
    ("orders", "orders_times_by_status_check", {"canceled_at": LATER}),
    ("orders", "orders_times_by_status_check", {"expired_at": LATER}),
    ("orders", "orders_times_by_status_check", {"filled_at": LATER}),
    ("orders", "orders_parent_of_account", {"id": NOBODY, "parent_order_id": NOBODY}),
    ("orders", "orders_event_seq_not_negative_check", {"event_seq": -1}),
    # Nothing has happened to an order when it begins.
    ("orders", "orders_birth", {"status": "filled", **FILLED}),
    ("orders", "orders_birth", {"status": "partially_filled", "filled_quantity": 1, "filled_notional": "1.1"}),
    ("orders", "orders_birth", {"status": "rejected", "reject_reason": "no money", **FILLED}),
    ("orders", "orders_birth", {"status": "canceled"}),
    ("orders", "orders_birth", {"commission": "-0.5", "commission_currency": "USD"}),
    ("orders", "order_audit_first_event_check", {"event_seq": 7}),
    ("orders", "orders_account_user_fk", {"user_id": NOBODY}),
    ("orders", "orders_account_user_fk", {"account_id": NOBODY}),
    ("orders", "orders_instrument_id_fk", {"instrument_id": NOBODY}),
    ("orders", "orders_parent_of_account", {"parent_order_id": NOBODY}),
    ("orders", "orders_commission_currency_fk", {"commission_currency": "NIL"}),
    # fee_schedules
    ("fee_schedules", "fee_schedules_period_check", {"valid_from": LATER, "valid_until": NOW}),
    ("fee_schedules", "fee_schedules_commission_rate_not_negative_check", {"commission_rate": -1}),
    (
        "fee_schedules",
        "fee_schedules_commission_per_lot_not_negative_check",
        {"commission_per_lot": -1, "commission_currency": "USD"},
    ),
    ("fee_schedules", "fee_schedules_markup_bps_not_negative_check", {"markup_bps": -1}),
    ("fee_schedules", "fee_schedules_commission_currency_check", {"commission_per_lot": 1}),
    ("fee_schedules", "fee_schedules_triple_swap_weekday_check", {"triple_swap_weekday": 0}),
    ("fee_schedules", "fee_schedules_instrument_id_fk", {"instrument_id": NOBODY}),
    ("fee_schedules", "fee_schedules_commission_currency_fk", {"commission_currency": "NIL"}),
    # corporate_actions
    ("corporate_actions", "corporate_actions_action_check", {"action": "party"}),
    ("corporate_actions", "corporate_actions_status_check", {"status": "cancelled"}),
    ("corporate_actions", "corporate_actions_ratio_positive_check", {"ratio": 0}),
    (
        "corporate_actions",
        "corporate_actions_cash_amount_positive_check",
        {"cash_amount": 0, "cash_currency": "USD"},
    ),
    ("corporate_actions", "corporate_actions_terms_check", {"ratio": None}),
    ("corporate_actions", "corporate_actions_terms_check", {"action": "dividend"}),
    ("corporate_actions", "corporate_actions_terms_check", {"action": "merger", "ratio": None}),
    ("corporate_actions", "corporate_actions_cash_currency_check", {"cash_amount": 1}),
    ("corporate_actions", "corporate_actions_cash_currency_check", {"cash_currency": "USD"}),
    ("corporate_actions", "corporate_actions_applied_check", {"status": "applied"}),
    ("corporate_actions", "corporate_actions_applied_check", {"applied_at": NOW}),
    ("corporate_actions", "corporate_actions_paid_after_ex_date_check", {"payment_date": date(2026, 5, 31)}),
    ("corporate_actions", "corporate_actions_instrument_id_fk", {"instrument_id": NOBODY}),
    (
        "corporate_actions",
        "corporate_actions_cash_currency_fk",
        {"cash_amount": 1, "cash_currency": "NIL"},
    ),
    (
        "corporate_actions",
        "corporate_actions_journal_id_fk",
        {"status": "applied", "applied_at": NOW, "journal_id": NOBODY},
    ),
]

# Good neighbours of the bad rows.
GOOD_ROWS: list[tuple[str, Columns]] = [
    ("instruments", {"base_currency": "EUR", "instrument_type": "forex"}),
    ("instruments", {"isin": "US0378331005", "cfi_code": "ESVUFR", "instrument_type": "stock"}),
    ("instruments", {"min_quantity": 50, "max_quantity": 50}),
    ("instrument_sessions", {"weekday": 7, "start_minute": 0, "end_minute": 1440}),
    ("instrument_sessions", {"kind": "holiday", "weekday": None, "holiday_date": date(2026, 12, 25)}),
    ("instrument_marks", {"bid": "1.1", "ask": "1.1"}),
    ("orders", {"order_type": "limit", "price": "1.1", "is_post_only": True}),
    ("orders", {"order_type": "take_profit", "price": "1.1"}),
    ("orders", {"order_type": "stop", "stop_price": "1.1"}),
    ("orders", {"order_type": "stop_limit", "stop_price": "1.1", "limit_price": "1.2"}),
    ("orders", {"order_type": "trailing_stop", "trailing_distance": "0.001"}),
    ("orders", {"stop_loss": "1.0", "take_profit": "1.2"}),
    ("orders", {"side": "sell", "stop_loss": "1.2", "take_profit": "1.0"}),
    ("orders", {"time_in_force": "gtd", "good_till_date": LATER}),
    ("orders", {"status": "rejected", "reject_reason": "no money"}),
    ("fee_schedules", {"commission_per_lot": 3, "commission_currency": "USD", "account_group": "vip"}),
    (
        "corporate_actions",
        {"action": "dividend", "ratio": None, "cash_amount": "0.24", "cash_currency": "USD"},
    ),
    ("corporate_actions", {"action": "delisting", "ratio": None}),
]

# Those that need more than one row are tried below, those of order_status_transitions in a file of their own.
TRIED = {constraint for _, constraint, _ in BAD_ROWS} | {
    "instruments_symbol_uniq",
    "instrument_sessions_weekly_excl",
    "instrument_sessions_holiday_excl",
    "instrument_marks_moment_uniq",
    "orders_client_order_id_uniq",
    "order_status_transitions_change_uniq",
    "order_status_transitions_from_status_check",
    "order_status_transitions_to_status_check",
    "order_status_transitions_exec_type_check",
    "fee_schedules_period_excl",
    "corporate_actions_action_uniq",
    "corporate_actions_journal_uniq",
}


def _what_is_wrong(value: Any) -> str | None:
    return ",".join(f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else None


@pytest.mark.parametrize(("table", "constraint", "columns"), BAD_ROWS, ids=_what_is_wrong)
def test_bad_row_is_refused(insert: Insert, refused: Any, table: str, constraint: str, columns: Columns) -> None:
    row = VALID[table]()
    with refused(constraint):
        insert(table, row, **columns)


@pytest.mark.parametrize("table", VALID)
def test_fewest_columns_are_enough(insert: Insert, table: str) -> None:
    row = insert(table)
    assert row["id"] is not None
    assert row["created_at"] is not None


@pytest.mark.parametrize(("table", "columns"), GOOD_ROWS, ids=_what_is_wrong)
def test_good_neighbour_is_accepted(insert: Insert, sql: Any, table: str, columns: Columns) -> None:
    insert(table, **columns)
    sql("SET CONSTRAINTS ALL IMMEDIATE")


# Defaults and generated columns -------------------------------------------------------------------


def test_new_order_waits_unfilled(insert: Insert) -> None:
    order = insert("orders")
    expected = {
        "status": "pending_new",
        "time_in_force": "gtc",
        "execution_type": "market",
        "routing_decision": "",
        "filled_quantity": 0,
        "remaining_quantity": 2,
        "average_fill_price": None,
        "event_seq": 1,
        "is_reduce_only": False,
        "is_post_only": False,
        "metadata": "{}",
    }
    assert {name: order[name] for name in expected} == expected
    assert order["received_at"] == order["created_at"] == order["updated_at"]


@pytest.mark.parametrize(
    ("table", "column"),
    [("orders", "remaining_quantity"), ("orders", "average_fill_price")],
)
def test_generated_column_cannot_be_given(insert: Insert, refused: Any, table: str, column: str) -> None:
    row = VALID[table]()
    with refused(f'cannot insert a non-DEFAULT value into column "{column}"'):
        insert(table, row, **{column: 1})


def test_update_moves_updated_at(fresh_database: Any) -> None:
    with fresh_database.connect() as application:
        application.execute("INSERT INTO currencies (code, name) VALUES ('USD', 'US dollar') ON CONFLICT DO NOTHING")
        values = {
            "symbol": "SPX500USD",
            "instrument_type": "index",
            "esma_class": "fx_minor_gold_index",
            "quote_currency": "USD",
            "tick_size": "0.1",
            "min_quantity": "0.1",
            "max_quantity": 50,
            "quantity_step": "0.1",
            "contract_size": 1,
        }
        application.execute(
            f"INSERT INTO instruments ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})",
            list(values.values()),
        )
        row = application.execute(
            "UPDATE instruments SET is_tradable = false RETURNING created_at, updated_at"
        ).fetchone()
    assert row["updated_at"] > row["created_at"]


# Once only ----------------------------------------------------------------------------------------


def test_symbol_is_used_once_and_again_after_deletion(insert: Insert, sql: Any, refused: Any) -> None:
    row = VALID["instruments"]()
    first = insert("instruments", row)
    with refused("instruments_symbol_uniq"):
        insert("instruments", row)
    sql("DELETE FROM instruments WHERE id = %s", [first["id"]])
    kept = sql("SELECT deleted_at FROM instruments WHERE id = %s", [first["id"]])
    assert kept[0]["deleted_at"] is not None
    insert("instruments", row)


def test_sessions_of_a_weekday_do_not_overlap(insert: Insert, refused: Any) -> None:
    row = VALID["instrument_sessions"]()
    insert("instrument_sessions", row, start_minute=0, end_minute=720)
    insert("instrument_sessions", row, start_minute=720, end_minute=1440)
    insert("instrument_sessions", row, weekday=2, start_minute=0, end_minute=720)
    with refused("instrument_sessions_weekly_excl"):
        insert("instrument_sessions", row, start_minute=719, end_minute=721)


def test_closures_of_a_date_do_not_overlap(insert: Insert, refused: Any) -> None:
    row = {**VALID["instrument_sessions"](), "kind": "holiday", "weekday": None}
    insert("instrument_sessions", row, holiday_date=date(2026, 12, 24), start_minute=780)
    insert("instrument_sessions", row, holiday_date=date(2026, 12, 25))
    with refused("instrument_sessions_holiday_excl"):
        insert("instrument_sessions", row, holiday_date=date(2026, 12, 24), start_minute=840)


def test_instrument_has_one_mark_at_a_moment(insert: Insert, refused: Any) -> None:
    row = VALID["instrument_marks"]()
    insert("instrument_marks", row)
    insert("instrument_marks", row, marked_at=NOW + timedelta(microseconds=1))
    # The error names the partition's index, not instrument_marks_moment_uniq.
    with refused("duplicate key value violates unique constraint"):
        insert("instrument_marks", row)


def test_client_order_id_is_unique_within_its_account(insert: Insert, refused: Any) -> None:
    row = VALID["orders"]()
    insert("orders", row)
    with refused("orders_client_order_id_uniq"):
        insert("orders", row, side="sell")
    insert("orders", client_order_id=row["client_order_id"])


def test_user_orders_in_his_own_account_only(insert: Insert, refused: Any) -> None:
    row, other = VALID["orders"](), accounts.account()
    with refused("orders_account_user_fk"):
        insert("orders", row, user_id=other.user_id)


def test_fee_schedules_of_a_group_do_not_overlap(insert: Insert, refused: Any) -> None:
    row = {**VALID["fee_schedules"](), "valid_from": NOW, "valid_until": LATER}
    insert("fee_schedules", row)
    insert("fee_schedules", row, account_group="vip")
    insert("fee_schedules", row, valid_from=LATER, valid_until=None)
    with refused("fee_schedules_period_excl"):
        insert("fee_schedules", row, valid_from=LATER - timedelta(microseconds=1), valid_until=LATER)


def test_corporate_action_is_announced_once_unless_canceled(insert: Insert, sql: Any, refused: Any) -> None:
    row = VALID["corporate_actions"]()
    first = insert("corporate_actions", row)
    with refused("corporate_actions_action_uniq"):
        insert("corporate_actions", row, ratio=3)
    sql("UPDATE corporate_actions SET status = 'canceled' WHERE id = %s", [first["id"]])
    insert("corporate_actions", row, ratio=3)


def test_journal_applies_one_corporate_action(insert: Insert, refused: Any) -> None:
    journal = accounts.journal()
    row = {**VALID["corporate_actions"](), "status": "applied", "applied_at": NOW, "journal_id": journal.id}
    insert("corporate_actions", row)
    with refused("corporate_actions_journal_uniq"):
        insert("corporate_actions", row, ex_date=date(2026, 6, 2))


@pytest.mark.parametrize(
    ("table", "constraint"),
    [("order_fills", "order_fills_order_uniq"), ("positions", "positions_account_instrument_uniq")],
)
def test_key_of_a_composite_reference_is_unique(owner_sql: Any, table: str, constraint: str) -> None:
    """The primary key refuses first; but without this key, foreign keys would have nothing to point at."""
    definition = owner_sql(
        "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = %s AND conrelid = %s::regclass",
        [constraint, table],
    )
    assert definition[0]["text"].startswith("UNIQUE (")


# Append-only --------------------------------------------------------------------------------------

APPEND_ONLY = ["instrument_marks", "order_fills", "order_audit", "position_audit", "trades"]


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_application_has_no_right_to_change_history(sql: Any, refused: Any, table: str, statement: str) -> None:
    with refused(f"permission denied for table {table}"):
        sql(statement.format(table))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_owner_cannot_truncate_history(owner_sql: Any, refused: Any, table: str, db: None) -> None:
    with refused("is append-only"):
        owner_sql(f"TRUNCATE {table} CASCADE")
