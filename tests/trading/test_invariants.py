"""Each invariant finds what it is for: rows that the owner has broken with every guard out of the way."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from config.database.invariants import Invariant
from tests.trading.desk import Desk, Row, broken, broken_lately, desk
from trading.invariants import ORDER_INVARIANTS

__all__ = ["desk"]

TABLES = ("orders", "order_audit", "order_fills", "order_change_requests")

#: What breaks an invariant, done to an order of two lots with one filled and a cancel request that waits.
DAMAGE: dict[str, list[str]] = {
    "order_audit_chain": ["DELETE FROM order_audit WHERE order_id = %(order)s AND seq = 2"],
    "order_audit_transition": ["UPDATE order_audit SET exec_type = 'stopped' WHERE order_id = %(order)s AND seq = 3"],
    "order_audit_has_change": [
        "UPDATE order_audit SET previous_status = new_status, data = '{}' WHERE order_id = %(order)s AND seq = 3"
    ],
    "orders_head": [
        "UPDATE orders SET status = 'suspended' WHERE id = %(order)s",
        "UPDATE orders SET event_seq = event_seq + 1 WHERE id = %(order)s",
        "DELETE FROM order_audit WHERE order_id = %(order)s",
        "DELETE FROM orders WHERE id = %(order)s",
    ],
    "orders_filled": [
        "UPDATE orders SET filled_quantity = 0.5 WHERE id = %(order)s",
        "UPDATE orders SET filled_notional = 1.2 WHERE id = %(order)s",
        "UPDATE orders SET commission = 1 WHERE id = %(order)s",
        "DELETE FROM order_fills WHERE order_id = %(order)s",
        "UPDATE order_fills SET fill_quantity = 2 WHERE order_id = %(order)s",
    ],
    "orders_filled_by_status": [
        "UPDATE orders SET filled_quantity = 3 WHERE id = %(order)s",
        "UPDATE orders SET status = 'new' WHERE id = %(order)s",
        "UPDATE orders SET status = 'filled' WHERE id = %(order)s",
    ],
    "order_fills_events": [
        "DELETE FROM order_fills WHERE order_id = %(order)s",
        "DELETE FROM order_audit WHERE order_id = %(order)s AND exec_type = 'trade'",
    ],
    "order_fills_late": ["UPDATE order_fills SET is_late = true WHERE order_id = %(order)s"],
    "order_change_requests_waiting": ["UPDATE orders SET status = 'canceled' WHERE id = %(order)s"],
}


@pytest.fixture
def order(desk: Desk) -> UUID:
    """The one that is damaged, beside one that is not."""
    desk.order(["new", 1])
    order = desk.order(["new", 1])
    desk.request(order, "cancel")
    return order


@pytest.fixture
def unguarded(desk: Desk, order: UUID) -> Iterator[psycopg.Connection[Row]]:
    """The owner in a transaction without triggers, keys and CHECKs; nothing of it stays."""
    with desk.database.connect(owner=True) as owner, owner.transaction(force_rollback=True):
        for table in TABLES:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        constraints = owner.execute(
            "SELECT conrelid::regclass::text AS table, conname FROM pg_constraint"
            " WHERE contype IN ('c', 'f') AND conrelid = ANY (%(tables)s::regclass[])"
            "    OR contype = 'f' AND confrelid = ANY (%(tables)s::regclass[])",
            {"tables": [*TABLES]},
        )
        for row in constraints.fetchall():
            owner.execute(f"ALTER TABLE {row['table']} DROP CONSTRAINT {row['conname']}")
        yield owner


def test_every_invariant_is_tried() -> None:
    assert [invariant.name for invariant in ORDER_INVARIANTS] == [*DAMAGE]


@pytest.mark.parametrize("invariant", ORDER_INVARIANTS, ids=lambda invariant: invariant.name)
def test_damage_is_found_where_it_is(
    desk: Desk, order: UUID, unguarded: psycopg.Connection[Row], invariant: Invariant
) -> None:
    for damage in DAMAGE[invariant.name]:
        with unguarded.transaction(force_rollback=True):
            unguarded.execute(damage, {"order": order})
            rows = unguarded.execute(invariant.sql).fetchall()
            assert len(rows) == 1, f"{damage}: {rows}"
            assert rows[0]["problem"]
            assert _order_of(unguarded, invariant.table, rows[0]["id"]) in {order, None}
            # What was taken out leaves nothing new to be checked: only a whole run is sure to find it.
            if not damage.startswith("DELETE"):
                assert broken_lately(unguarded, invariant) == [rows[0]["id"]]
            if invariant.lately:
                assert broken_lately(unguarded, invariant, later=True) == []
        assert unguarded.execute(invariant.sql).fetchall() == []


def _order_of(connection: psycopg.Connection[Row], table: str, key: str) -> UUID | None:
    """The order that a row of that table belongs to; None where the row is gone."""
    column = "id" if table == "orders" else "order_id"
    row = connection.execute(f"SELECT {column} AS key FROM {table} WHERE id::text = %s", [key]).fetchone()
    return row["key"] if row else None


def test_nothing_is_found_where_nothing_is_broken(desk: Desk) -> None:
    assert broken(desk.database) == {}
