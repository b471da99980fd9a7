"""The flow on the same tables without guards: what the services do, minus every rule, by the same way."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.commands import Failed
from config.database.statements import columns, one_statement, write
from ops.bench.flow.lives import COMMISSION, QUANTITY, VENUE, Life
from ops.bench.flow.services import new_order
from trading.models import Order
from trading.services.fills import FillResult, call

#: What the flow writes.
TABLES = (
    "orders",
    "order_audit",
    "order_fills",
    "positions",
    "position_audit",
    "trades",
    "journals",
    "account_transactions",
    "accounts",
)

SUBMIT = f"""
    WITH received AS (
      INSERT INTO orders (account_id, user_id, client_order_id, instrument_id, order_type, side, quantity, event_seq)
      SELECT id, user_id, %(client_order_id)s, %(instrument_id)s, %(order_type)s, %(side)s, %(quantity)s, 1
        FROM accounts WHERE id = %(account_id)s
      RETURNING {columns(Order)}),
    event AS (
      INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, data)
      SELECT id, 1, 'received', 'pending_new', 'none', status,
             jsonb_build_object('quantity', jsonb_build_array(NULL, quantity),
                                'time_in_force', jsonb_build_array(NULL, time_in_force))
        FROM received)
    SELECT * FROM received
"""
ACKNOWLEDGE = f"""
    WITH accepted AS (
      UPDATE orders SET status = 'new', submitted_at = now(), event_seq = event_seq + 1, updated_at = now()
       WHERE id = %(order_id)s AND status = 'pending_new'
      RETURNING {columns(Order)}),
    event AS (
      INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, data)
      SELECT id, event_seq, 'accepted', 'new', 'pending_new', 'new',
             jsonb_build_object('submitted_at', jsonb_build_array(NULL, submitted_at))
        FROM accepted)
    SELECT * FROM accepted
"""
FILL = "unguarded_fill(%s, %s, %s, %s, %s, %s)"

#: Constraints of these kinds of pg_constraint are dropped, all or those of chains and heads.
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
     WHERE conrelid = ANY (%s::regclass[]) AND contype = ANY (%s) AND conname ~ %s
"""
CHAINS = "_(chain|head|transition)_fk$"


#: Triggers that need nobody's help and stand in nobody's way, whoever writes.
BYSTANDERS = "_(audit_(insert|update|delete|truncate)|touch|append_only|append_only_truncate|soft_delete)$"


def by_hand(connection: psycopg.Connection) -> None:
    """Have events, heads and balances written by hand: what writes and ties them goes, audit and all else stay."""
    for table in TABLES:
        triggers = connection.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgname !~ %s",
            [table, BYSTANDERS],
        )
        for (trigger,) in triggers.fetchall():
            statement = sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}")
            connection.execute(statement.format(sql.Identifier(table), sql.Identifier(trigger)))
    _without_keys_of_chains(connection)


def without_chains(connection: psycopg.Connection) -> None:
    """Take all triggers and chains away, audit with them. CHECKs and other keys stay."""
    for table in TABLES:
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
    _without_keys_of_chains(connection)


def _without_keys_of_chains(connection: psycopg.Connection) -> None:
    drop_constraints(connection, "f", CHAINS)
    # The application writes what triggers and functions of the owner wrote before.
    connection.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO trading_app")
    connection.execute((Path(__file__).parent / "sql/unguarded.sql").read_text())


def without_anything(connection: psycopg.Connection) -> None:
    """Take every CHECK and foreign key away as well; what is unique stays unique."""
    without_chains(connection)
    drop_constraints(connection, "cf")


def drop_constraints(connection: psycopg.Connection, kinds: str, name: str = "") -> None:
    """Drop the flow's constraints of these kinds ("c": CHECK, "f": foreign key) whose name matches."""
    for table, constraint in connection.execute(_CONSTRAINTS, [list(TABLES), list(kinds), name]).fetchall():
        statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        connection.execute(statement.format(sql.Identifier(table), sql.Identifier(constraint)))


def play(life: Life) -> Decimal:
    order = _one(SUBMIT, asdict(new_order(life)))
    _one(ACKNOWLEDGE, {"order_id": order.pk})
    return call(FillResult, FILL, [order.pk, life.price, QUANTITY, VENUE, life.key, COMMISSION]).realized_pnl


@one_statement
def _one(statement: str, parameters: Mapping[str, Any]) -> Order:
    order = write(Order, statement, parameters)
    if order is None:
        raise Failed("The unguarded flow has lost its order.")
    return order
