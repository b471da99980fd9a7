"""Positions, trades and their events as the database keeps them: by plain SQL, whatever is tried, they agree."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
import pytest

from tests.trading.desk import Desk, broken_lately, desk
from trading.invariants_positions import POSITION_INVARIANTS

__all__ = ["desk"]

_numbers = count(1)


def fill(desk: Desk, side: str = "buy", quantity: int = 2, price: str = "1.1", **columns: Any) -> dict[str, Any]:
    """An order of the desk that is filled at once; what the fill did."""
    order = desk.order("new", side=side, quantity=quantity, **columns)
    return desk.run(
        "SELECT * FROM apply_fill(%s, %s, %s, 'XOFF', %s, commission => 1)",
        *[order, price, quantity, f"position-{next(_numbers)}"],
    )


@pytest.fixture
def held(desk: Desk) -> dict[str, Any]:
    """An open position of two lots, in an instrument of its own, and the trade that opened it."""
    desk.instrument = desk.new_instrument()
    desk.new_account(kind="house")
    result = fill(desk)
    return {"position": result["position_id"], "trade": result["trade_ids"][0], "fill": result["fill_id"]}


def refusal(desk: Desk, statement: str, parameters: dict[str, Any], *, owner: bool = False) -> str:
    """The rule that refuses the statement at the latest at the commit, or the message where there is no name."""
    connection = desk.owner if owner else desk.app
    with pytest.raises(psycopg.Error) as caught, connection.transaction():
        connection.execute(statement, parameters)
    return caught.value.diag.constraint_name or str(caught.value).splitlines()[0]


# By the application ---------------------------------------------------------------------------------

NEW_TRADE = """
    INSERT INTO trades (account_id, user_id, position_id, order_id, fill_id, instrument_id, side, quantity, price,
                        contract_size, venue, execution_id, position_effect)
    SELECT account_id, user_id, position_id, order_id, fill_id, instrument_id, side, quantity, price, contract_size,
           venue, 'by hand', position_effect
      FROM trades WHERE id = %(trade)s
"""
NEW_UNCONVERTED_TRADE = NEW_TRADE.replace("venue,", "venue, conversion_rate,", 1).replace("venue, 'by", "venue, 0, 'by")
NEW_EVENT = """
    INSERT INTO position_audit (position_id, seq, event_type, trade_id, quantity_before, quantity_after)
    VALUES (%(position)s, {seq}, '{event}', {trade}, {before}, {after})
"""
NEW_POSITION = """
    INSERT INTO positions (account_id, user_id, oms_type, instrument_id, side, quantity, entry_price, average_price)
    SELECT account_id, user_id, oms_type, instrument_id, side, {quantity}, 1, 1 FROM positions WHERE id = %(position)s
"""
NEW_FILL = """
    INSERT INTO order_fills (order_id, fill_price, fill_quantity, venue, execution_id)
    SELECT order_id, 1, 1, 'XOFF', 'by hand' FROM order_fills WHERE id = %(fill)s
"""

NEW_JOURNAL = "INSERT INTO journals (kind, idempotency_key) VALUES ('{kind}', 'by hand')"

BY_THE_APPLICATION = [
    *[
        ("permission denied for table positions", f"UPDATE positions SET {change} WHERE id = %(position)s")
        for change in (
            "quantity = 3",
            "quantity = 0, is_open = false, close_time = now()",
            "side = 'short'",
            "average_price = 1",
            "entry_price = 1",
            "realized_pnl = 1000",
            "unrealized_pnl = 1000",
            "commission_paid = 0",
            "swap_charges = 0",
            "last_seq = 2",
            "is_open = false",
            "account_id = account_id",
            "stop_loss = 1, quantity = 3",
        )
    ],
    ("permission denied for table positions", "DELETE FROM positions WHERE id = %(position)s"),
    ("permission denied for table positions", "TRUNCATE positions CASCADE"),
    ("permission denied for table positions", NEW_POSITION.format(quantity=1)),
    ("permission denied for table trades", NEW_TRADE),
    ("permission denied for table trades", "UPDATE trades SET pnl = 1000 WHERE id = %(trade)s"),
    ("permission denied for table trades", "DELETE FROM trades WHERE id = %(trade)s"),
    ("permission denied for table order_fills", NEW_FILL),
    ("permission denied for table order_fills", "DELETE FROM order_fills WHERE id = %(fill)s"),
    (
        "permission denied for table position_audit",
        NEW_EVENT.format(seq=2, event="modified", trade="NULL", before=2, after=2),
    ),
    ("permission denied for table position_audit", "DELETE FROM position_audit WHERE position_id = %(position)s"),
    (
        "permission denied for function book_trade",
        "SELECT book_trade(positions, 1, 1, trades) FROM positions JOIN trades ON position_id = positions.id",
    ),
    ('permission denied: "RI_ConstraintTrigger', "ALTER TABLE positions DISABLE TRIGGER ALL"),
    ("journals_of_trading", NEW_JOURNAL.format(kind="trade")),
    ("journals_of_trading", NEW_JOURNAL.format(kind="swap")),
    (
        "journals_of_trading",
        "SELECT reverse_journal(journal_id) FROM account_transactions WHERE reference_id = %(trade)s",
    ),
    ("positions_prices_positive_check", "UPDATE positions SET stop_loss = 0 WHERE id = %(position)s"),
    ("positions_prices_positive_check", "UPDATE positions SET trailing_stop = -1 WHERE id = %(position)s"),
    ("positions_exits_by_side_check", "UPDATE positions SET stop_loss = 2, take_profit = 1 WHERE id = %(position)s"),
]


@pytest.mark.parametrize(("rule", "statement"), BY_THE_APPLICATION)
def test_the_application_is_refused(desk: Desk, held: dict[str, Any], rule: str, statement: str) -> None:
    found = refusal(desk, statement, held)
    # Whoever does not own a table is told so first.
    assert rule in found or (statement.startswith("ALTER") and "must be owner of table positions" in found)


def test_exits_of_a_closed_position_stay(desk: Desk, held: dict[str, Any]) -> None:
    fill(desk, "sell")
    statement = "UPDATE positions SET stop_loss = 1 WHERE id = %(position)s"
    assert refusal(desk, statement, held) == "positions_closed_is_final"


# By the owner, whom no grant stops ------------------------------------------------------------------

BY_THE_OWNER = [
    ("positions_head_fk", "UPDATE positions SET quantity = 3 WHERE id = %(position)s"),
    ("positions_head_fk", "UPDATE positions SET last_seq = 2 WHERE id = %(position)s"),
    ("positions_head_fk", "UPDATE positions SET last_seq = 2, quantity = 3 WHERE id = %(position)s"),
    (
        "positions_head_fk",
        "UPDATE positions SET quantity = 0, is_open = false, close_time = now() WHERE id = %(position)s",
    ),
    (
        "positions_closed_is_flat_check",
        "UPDATE positions SET is_open = false, close_time = now() WHERE id = %(position)s",
    ),
    ("positions_quantity_has_events_check", "UPDATE positions SET last_seq = 0 WHERE id = %(position)s"),
    ("positions_quantity_has_events_check", NEW_POSITION.format(quantity=1)),
    ("positions_open_netting_uniq", NEW_POSITION.format(quantity=0)),
    ("trades_position_fk", "DELETE FROM positions WHERE id = %(position)s"),
    ("position_audit_chain_fk", NEW_EVENT.format(seq=2, event="modified", trade="NULL", before=3, after=3)),
    ("position_audit_chain_fk", NEW_EVENT.format(seq=3, event="modified", trade="NULL", before=2, after=2)),
    (
        "position_audit_trade_by_quantity_check",
        NEW_EVENT.format(seq=2, event="increased", trade="NULL", before=2, after=3),
    ),
    (
        "position_audit_trade_by_quantity_check",
        NEW_EVENT.format(seq=2, event="modified", trade="%(trade)s", before=2, after=2),
    ),
    ("position_audit_trade_uniq", NEW_EVENT.format(seq=2, event="increased", trade="%(trade)s", before=2, after=4)),
    ("position_audit_append_only", "UPDATE position_audit SET quantity_after = 3 WHERE position_id = %(position)s"),
    ("trades_append_only", "UPDATE trades SET quantity = 3 WHERE id = %(trade)s"),
    ("trades_append_only", "DELETE FROM trades WHERE id = %(trade)s"),
    ("trades_fill_position_uniq", NEW_TRADE),
    ("trades_conversion_rate_positive_check", NEW_UNCONVERTED_TRADE),
]


@pytest.mark.parametrize(("rule", "statement"), BY_THE_OWNER)
def test_even_the_owner_is_refused(desk: Desk, held: dict[str, Any], rule: str, statement: str) -> None:
    assert refusal(desk, statement, held, owner=True) == rule


def test_what_the_chain_points_at_is_one_event(desk: Desk) -> None:
    """position_audit_head_uniq never refuses by itself: the number of an event is unique already."""
    definition = desk.run(
        "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = 'position_audit_head_uniq'"
    )
    assert definition["text"] == "UNIQUE (position_id, seq, quantity_after)"


# What is free ---------------------------------------------------------------------------------------


def test_another_exit_is_an_event(desk: Desk, held: dict[str, Any]) -> None:
    position = held["position"]
    with desk.app.transaction():
        desk.app.execute("SELECT set_config('trading.actor', 'client', true)")
        desk.app.execute("UPDATE positions SET stop_loss = 1.05, take_profit = 1.2 WHERE id = %s", [position])
    desk.run("UPDATE positions SET stop_loss = 1.06, metadata = '{\"note\": 1}' WHERE id = %s", position)
    # Neither of these changes an exit.
    desk.run("UPDATE positions SET stop_loss = 1.06 WHERE id = %s", position)
    desk.run("UPDATE positions SET metadata = '{}' WHERE id = %s", position)
    events = desk.rows("SELECT * FROM position_audit WHERE position_id = %s ORDER BY seq", position)
    assert [(event["seq"], event["event_type"], event["triggered_by"]) for event in events] == [
        (1, "opened", ""),
        (2, "modified", "client"),
        (3, "modified", ""),
    ]
    assert [set(event["data"]) for event in events[1:]] == [{"stop_loss", "take_profit"}, {"stop_loss"}]
    head = desk.run("SELECT last_seq, head_seq FROM positions WHERE id = %s", position)
    assert head == {"last_seq": 3, "head_seq": 3}


# Found ----------------------------------------------------------------------------------------------

#: Invariant, and what breaks it once every rule is switched off.
BROKEN = [
    (
        "position_audit_chain",
        "UPDATE position_audit SET quantity_before = 3 WHERE position_id = %(position)s AND seq = 2",
    ),
    ("position_audit_chain", "DELETE FROM position_audit WHERE position_id = %(position)s AND seq = 1"),
    ("positions_head", "UPDATE positions SET quantity = 9 WHERE id = %(position)s"),
    ("positions_head", "UPDATE positions SET last_seq = 1 WHERE id = %(position)s"),
    ("positions_head", "DELETE FROM position_audit WHERE position_id = %(position)s"),
    ("positions_trades", "UPDATE positions SET quantity = 9 WHERE id = %(position)s"),
    ("positions_trades", "UPDATE positions SET realized_pnl = 9 WHERE id = %(position)s"),
    ("positions_trades", "UPDATE trades SET side = 'sell' WHERE id = %(trade)s"),
    ("positions_trades", "UPDATE trades SET contract_size = 10 WHERE id = %(trade)s"),
    ("positions_cost", "UPDATE positions SET average_price = 1.09 WHERE id = %(position)s"),
    ("positions_cost", "UPDATE positions SET entry_price = 1.09 WHERE id = %(position)s"),
    ("positions_cost", "UPDATE positions SET open_time = open_time - interval '1 day' WHERE id = %(position)s"),
    (
        "positions_cost",
        "UPDATE position_audit SET data = '{\"average_price\": [null, 1.09]}' WHERE trade_id = %(trade)s",
    ),
    (
        "positions_cost",
        "UPDATE position_audit SET data = '{\"average_price\": [1.2, 1.2]}'"
        " WHERE position_id = %(position)s AND seq = 2",
    ),
    (
        "positions_cost",
        "UPDATE trades SET pnl = pnl + 0.01 WHERE position_id = %(position)s AND position_effect = 'close'",
    ),
    (
        "positions_cost",
        "UPDATE trades SET conversion_rate = 2 WHERE position_id = %(position)s AND position_effect = 'close'",
    ),
    ("positions_closed_flat", "UPDATE positions SET is_open = false, close_time = now() WHERE id = %(position)s"),
    ("positions_open_once", NEW_POSITION.format(quantity=1)),
    (
        "positions_open_once",
        "UPDATE accounts a SET oms_type = 'hedging' FROM positions p WHERE account_id = a.id AND p.id = %(position)s",
    ),
    ("trades_event", "DELETE FROM position_audit WHERE trade_id = %(trade)s"),
    ("trades_event", "UPDATE trades SET quantity = 1 WHERE id = %(trade)s"),
    ("trades_event", "UPDATE position_audit SET price = 2 WHERE trade_id = %(trade)s"),
    ("trades_event", "UPDATE trades SET position_effect = 'close' WHERE id = %(trade)s"),
    ("order_fills_trades", "UPDATE trades SET quantity = 1 WHERE id = %(trade)s"),
    ("order_fills_trades", "UPDATE trades SET venue = 'XLON' WHERE id = %(trade)s"),
    ("order_fills_trades", "UPDATE order_fills SET commission_currency = 'EUR' WHERE id = %(fill)s"),
    ("order_fills_trades", "UPDATE trades SET executed_at = executed_at - interval '1 day' WHERE id = %(trade)s"),
    (
        "order_fills_trades",
        "UPDATE orders SET side = 'sell' FROM order_fills WHERE order_id = orders.id AND order_fills.id = %(fill)s",
    ),
    ("order_fills_trades", "UPDATE order_fills SET fill_price = 2 WHERE id = %(fill)s"),
    (
        "trades_busts",
        "UPDATE trades SET busts_id = %(trade)s, fill_id = NULL WHERE position_id = %(position)s AND id <> %(trade)s",
    ),
    ("trades_booked", "UPDATE trades SET commission = 5 WHERE id = %(trade)s"),
    ("trades_booked", "UPDATE trades SET swap = 5 WHERE id = %(trade)s"),
    (
        "ledger_of_trading",
        "UPDATE account_transactions SET reference_id = gen_random_uuid() WHERE reference_id = %(trade)s",
    ),
    (
        "ledger_of_trading",
        "UPDATE account_transactions SET account_id ="
        " (SELECT id FROM accounts WHERE kind = 'client' AND id <> account_id LIMIT 1) WHERE reference_id = %(trade)s",
    ),
    ("positions_swaps", "UPDATE positions SET swap_charges = 5 WHERE id = %(position)s"),
]

SWITCH_OFF = """
    ALTER TABLE positions DISABLE TRIGGER USER;
    ALTER TABLE position_audit DISABLE TRIGGER USER;
    ALTER TABLE trades DISABLE TRIGGER USER;
    ALTER TABLE order_fills DISABLE TRIGGER USER;
    ALTER TABLE orders DISABLE TRIGGER USER;
    ALTER TABLE account_transactions DISABLE TRIGGER USER;
    ALTER TABLE account_transactions DROP CONSTRAINT account_transactions_chain_fk,
      DROP CONSTRAINT account_transactions_account_seq_uniq CASCADE;
    ALTER TABLE positions DROP CONSTRAINT positions_head_fk, DROP CONSTRAINT positions_closed_is_flat_check,
      DROP CONSTRAINT positions_quantity_has_events_check, DROP CONSTRAINT positions_account_oms_type_fk;
    ALTER TABLE position_audit DROP CONSTRAINT position_audit_chain_fk;
    DROP INDEX positions_open_netting_uniq;
"""


@pytest.fixture
def lawless(desk: Desk, held: dict[str, Any]) -> Iterator[psycopg.Connection[Any]]:
    """The owner, in a transaction that comes to nothing, with every rule switched off."""
    fill(desk, side="sell", quantity=1, price="1.2")
    desk.new_account()
    with desk.owner.transaction(force_rollback=True):
        desk.owner.execute(SWITCH_OFF)
        yield desk.owner


@pytest.mark.parametrize(("name", "statement"), BROKEN)
def test_what_is_broken_is_found(
    lawless: psycopg.Connection[Any], held: dict[str, Any], name: str, statement: str
) -> None:
    (invariant,) = [invariant for invariant in POSITION_INVARIANTS if invariant.name == name]
    assert lawless.execute(invariant.sql).fetchall() == []
    changed = lawless.execute(statement, held).rowcount
    assert changed > 0
    found = lawless.execute(invariant.sql).fetchall()[0]
    assert set(found) == {"id", "problem"}
    assert found["problem"]
    # What was taken out leaves nothing new to be checked: only a whole run is sure to find it.
    if not statement.startswith("DELETE"):
        assert found["id"] in broken_lately(lawless, invariant)
    if invariant.lately:
        assert broken_lately(lawless, invariant, later=True) == []
