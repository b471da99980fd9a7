"""What the database refuses of fills, trades, positions and their events, even from the owner of the tables.

The application may not write them at all (test_positions.py). Each table has one valid row of the fewest columns; a bad
write differs from it in what stands beside the constraint.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from tests.rows import accounts
from tests.rows import trading as rows
from trading.models import OrderFill, Position, Trade

# The rows of a test are written in its transaction, so all of it is the owner's.
pytestmark = pytest.mark.usefixtures("as_owner")

# Midnight, so that the names of the tests are the same in every process of a run.
NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
LATER = NOW + timedelta(days=1)
NOBODY = UUID("00000000-0000-7000-8000-000000000000")
_numbers = count(1)

Columns = dict[str, Any]


def _order_fills() -> Columns:
    return {
        "order_id": rows.order().id,
        "fill_price": "1.1",
        "fill_quantity": 1,
        "venue": "XOFF",
        "execution_id": f"e{next(_numbers)}",
    }


def _positions() -> Columns:
    account = accounts.account()
    return {
        "account_id": account.id,
        "user_id": account.user_id,
        "oms_type": account.oms_type,
        "instrument_id": rows.instrument().id,
        "side": "long",
        "entry_price": "1.1",
        "average_price": "1.1",
    }


def _held() -> Position:
    """A position without any event: nothing is held."""
    return Position.objects.create(**_positions())


def _position_audit() -> Columns:
    position = _held()
    trade = Trade.objects.create(**_trades(position))
    return {
        "position_id": position.id,
        "trade_id": trade.id,
        "seq": 1,
        "event_type": "opened",
        "quantity_before": 0,
        "quantity_after": 1,
    }


def _trades(position: Position | None = None) -> Columns:
    position = position or _held()
    order = rows.order(account=position.account, instrument=position.instrument)
    return {
        "account_id": position.account_id,
        "user_id": position.user_id,
        "position_id": position.id,
        "order_id": order.id,
        "fill_id": OrderFill.objects.create(**{**_order_fills(), "order_id": order.id}).id,
        "instrument_id": position.instrument_id,
        "side": "buy",
        "quantity": 1,
        "price": "1.1",
        "contract_size": 100_000,
        "venue": "XOFF",
        "execution_id": f"t{next(_numbers)}",
        "position_effect": "open",
    }


VALID: dict[str, Callable[[], Columns]] = {
    "order_fills": _order_fills,
    "positions": _positions,
    "position_audit": _position_audit,
    "trades": _trades,
}

Insert = Callable[..., dict[str, Any]]


@pytest.fixture
def insert(sql: Callable[..., list[dict[str, Any]]]) -> Insert:
    """`insert("trades", quantity=0)`: the valid row, changed; returns the row as the database keeps it."""

    def run(table: str, row: Columns | None = None, **columns: Any) -> dict[str, Any]:
        row = {**(VALID[table]() if row is None else row), **columns}
        names, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        return sql(f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING *", row)[0]

    return run


# Table by table: the constraint, and what is wrong with the row.
BAD_ROWS: list[tuple[str, str, Columns]] = [
    # order_fills
    ("order_fills", "order_fills_fill_price_positive_check", {"fill_price": 0}),
    ("order_fills", "order_fills_fill_quantity_positive_check", {"fill_quantity": 0}),
    ("order_fills", "order_fills_liquidity_type_check", {"liquidity_type": "both"}),
    ("order_fills", "order_fills_venue_check", {"venue": ""}),
    ("order_fills", "order_fills_execution_id_check", {"execution_id": ""}),
    ("order_fills", "order_fills_commission_currency_check", {"fill_commission": 1}),
    ("order_fills", "order_fills_late_dealer_check", {"is_late": True}),
    ("order_fills", "order_fills_late_dealer_check", {"dealer": "J. Doe"}),
    ("order_fills", "order_fills_order_id_fk", {"order_id": NOBODY}),
    ("order_fills", "order_fills_commission_currency_fk", {"commission_currency": "NIL"}),
    # positions
    ("positions", "positions_oms_type_check", {"oms_type": "gross"}),
    ("positions", "positions_account_oms_type_fk", {"oms_type": "hedging"}),
    ("positions", "positions_side_check", {"side": "buy"}),
    ("positions", "positions_quantity_not_negative_check", {"quantity": -1, "last_seq": 1}),
    ("positions", "positions_margin_required_not_negative_check", {"margin_required": -1}),
    ("positions", "positions_last_seq_not_negative_check", {"last_seq": -1}),
    ("positions", "positions_prices_positive_check", {"entry_price": 0}),
    ("positions", "positions_prices_positive_check", {"current_price": 0}),
    ("positions", "positions_prices_positive_check", {"mark_price": 0}),
    ("positions", "positions_prices_positive_check", {"average_price": 0}),
    ("positions", "positions_prices_positive_check", {"liquidation_price": 0}),
    ("positions", "positions_prices_positive_check", {"stop_loss": 0}),
    ("positions", "positions_prices_positive_check", {"take_profit": 0}),
    ("positions", "positions_prices_positive_check", {"trailing_stop": 0}),
    ("positions", "positions_exits_by_side_check", {"stop_loss": "1.2", "take_profit": "1.1"}),
    (
        "positions",
        "positions_exits_by_side_check",
        {"side": "short", "stop_loss": "1.1", "take_profit": "1.2"},
    ),
    ("positions", "positions_closed_is_flat_check", {"quantity": 1, "is_open": False, "close_time": LATER}),
    ("positions", "positions_close_time_check", {"is_open": False}),
    ("positions", "positions_close_time_check", {"close_time": LATER}),
    (
        "positions",
        "positions_closed_after_opening_check",
        {"is_open": False, "open_time": LATER, "close_time": NOW},
    ),
    ("positions", "positions_account_user_fk", {"user_id": NOBODY}),
    ("positions", "positions_instrument_id_fk", {"instrument_id": NOBODY}),
    # position_audit
    ("position_audit", "position_audit_seq_positive_check", {"seq": 0, "event_type": "increased"}),
    ("position_audit", "position_audit_event_type_check", {"seq": 2, "event_type": "forgotten"}),
    (
        "position_audit",
        "position_audit_quantity_before_not_negative_check",
        {"seq": 2, "event_type": "modified", "quantity_before": -1},
    ),
    (
        "position_audit",
        "position_audit_quantity_after_not_negative_check",
        {"seq": 2, "event_type": "decreased", "quantity_after": -1},
    ),
    ("position_audit", "position_audit_price_positive_check", {"price": 0}),
    ("position_audit", "position_audit_first_event_check", {"seq": 2}),
    ("position_audit", "position_audit_first_event_check", {"event_type": "increased"}),
    ("position_audit", "position_audit_first_event_check", {"quantity_before": "0.5"}),
    ("position_audit", "position_audit_quantity_by_event_check", {"quantity_after": 0}),
    ("position_audit", "position_audit_quantity_by_event_check", {"seq": 2, "event_type": "decreased"}),
    ("position_audit", "position_audit_quantity_by_event_check", {"seq": 2, "event_type": "closed"}),
    ("position_audit", "position_audit_position_id_fk", {"position_id": NOBODY}),
    ("position_audit", "position_audit_trade_id_fk", {"trade_id": NOBODY}),
    # trades
    ("trades", "trades_side_check", {"side": "long"}),
    ("trades", "trades_execution_type_check", {"execution_type": "cbook"}),
    ("trades", "trades_liquidity_type_check", {"liquidity_type": "both"}),
    ("trades", "trades_position_effect_check", {"position_effect": "flip"}),
    ("trades", "trades_quantity_positive_check", {"quantity": 0}),
    ("trades", "trades_price_positive_check", {"price": 0}),
    ("trades", "trades_contract_size_positive_check", {"contract_size": 0}),
    ("trades", "trades_venue_check", {"venue": ""}),
    ("trades", "trades_execution_id_check", {"execution_id": ""}),
    ("trades", "trades_fill_unless_bust_check", {"fill_id": None}),
    ("trades", "trades_busts_another_check", {"id": NOBODY, "busts_id": NOBODY, "fill_id": None}),
    ("trades", "trades_pnl_on_close_check", {"pnl": 1}),
    ("trades", "trades_account_user_fk", {"user_id": NOBODY}),
    ("trades", "trades_position_fk", {"position_id": NOBODY}),
    ("trades", "trades_order_id_fk", {"order_id": NOBODY, "fill_id": None, "busts_id": NOBODY}),
    ("trades", "trades_fill_order_fk", {"fill_id": NOBODY}),
    ("trades", "trades_busts_id_fk", {"fill_id": None, "busts_id": NOBODY}),
]

# Good neighbours of the bad rows.
GOOD_ROWS: list[tuple[str, Columns]] = [
    ("positions", {"is_open": False, "close_time": LATER}),
    ("positions", {"side": "short", "stop_loss": "1.2", "take_profit": "1.0"}),
    ("trades", {"position_effect": "close", "pnl": "-10.5"}),
]


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


def test_generated_column_cannot_be_given(insert: Insert, refused: Any) -> None:
    row = VALID["trades"]()
    with refused('cannot insert a non-DEFAULT value into column "value"'):
        insert("trades", row, value=1)


def test_trade_value_is_quantity_by_price_by_contract_size(insert: Insert) -> None:
    trade = insert("trades", quantity="0.37", price="1.23456", contract_size=100_000)
    assert trade["value"] == Decimal("45678.72")


def test_execution_is_filled_once_per_venue(insert: Insert, refused: Any) -> None:
    row = {**VALID["order_fills"](), "order_id": rows.order(quantity=2).id}
    insert("order_fills", row)
    insert("order_fills", row, venue="XLON")
    with refused("order_fills_execution_id_uniq"):
        insert("order_fills", row, fill_quantity=2)


def test_netting_account_has_one_open_position_per_instrument(insert: Insert, sql: Any, refused: Any) -> None:
    row = VALID["positions"]()
    first = insert("positions", row)
    with refused("positions_open_netting_uniq"):
        insert("positions", row, side="short")
    sql("UPDATE positions SET is_open = false, close_time = now() WHERE id = %s", [first["id"]])
    insert("positions", row, side="short")


def test_hedging_account_has_one_open_position_per_side(insert: Insert, refused: Any) -> None:
    account = accounts.account(oms_type="hedging")
    row = {
        **VALID["positions"](),
        "account_id": account.id,
        "user_id": account.user_id,
        "oms_type": "hedging",
    }
    insert("positions", row)
    insert("positions", row, side="short")
    with refused("positions_open_hedging_uniq"):
        insert("positions", row)


def test_account_with_positions_keeps_its_oms_type(insert: Insert, sql: Any, refused: Any) -> None:
    position = insert("positions")
    with refused("positions_account_oms_type_fk"):
        sql("UPDATE accounts SET oms_type = 'hedging' WHERE id = %s", [position["account_id"]])


def test_position_event_number_is_used_once(insert: Insert, refused: Any) -> None:
    row = VALID["position_audit"]()
    insert("position_audit", row)
    with refused("position_audit_position_seq_uniq"):
        insert("position_audit", row)


def test_trade_is_one_position_event(insert: Insert, refused: Any) -> None:
    trade = insert("trades")
    row = {**VALID["position_audit"](), "position_id": trade["position_id"], "trade_id": trade["id"]}
    insert("position_audit", row)
    with refused("position_audit_trade_uniq"):
        insert("position_audit", row, seq=2, event_type="increased", quantity_before=1, quantity_after=2)


def test_trade_execution_id_is_used_once(insert: Insert, refused: Any) -> None:
    row = VALID["trades"]()
    insert("trades", row)
    other = VALID["trades"]()
    with refused("trades_execution_id_uniq"):
        insert("trades", other, execution_id=row["execution_id"])


def test_fill_changes_a_position_once(insert: Insert, refused: Any) -> None:
    row = VALID["trades"]()
    insert("trades", row)
    with refused("trades_fill_position_uniq"):
        insert("trades", row, execution_id="another")


def test_trade_is_busted_once(insert: Insert, refused: Any) -> None:
    row = VALID["trades"]()
    trade = insert("trades", row)
    bust = {**row, "fill_id": None, "side": "sell", "busts_id": trade["id"], "pnl": "-3"}
    insert("trades", bust, execution_id="bust")
    with refused("trades_busts_uniq"):
        insert("trades", bust, execution_id="second bust")


def test_trade_is_in_the_account_of_its_position(insert: Insert, refused: Any) -> None:
    row, other = VALID["trades"](), accounts.account()
    with refused("trades_position_fk"):
        insert("trades", row, account_id=other.id, user_id=other.user_id)


def test_trade_is_in_the_instrument_of_its_position(insert: Insert, refused: Any) -> None:
    row, other = VALID["trades"](), rows.instrument()
    with refused("trades_position_fk"):
        insert("trades", row, instrument_id=other.id)


def test_fill_of_a_trade_is_one_of_its_order(insert: Insert, refused: Any) -> None:
    row, other = VALID["trades"](), rows.order_fill()
    with refused("trades_fill_order_fk"):
        insert("trades", row, fill_id=other.id)
