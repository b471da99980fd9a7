"""A desk with an account and an instrument on a database of its own: everything that it does is committed.

The application asks for orders and changes them; executions come from the owner, as from the functions that he owns.
"""

import os
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import tuple_row

from config.database.invariants import Invariant
from ops.verification.books import broken_rows
from tests import databases
from trading.invariants import ORDER_INVARIANTS

Row = dict[str, Any]
_numbers = count(1)

#: What `Desk.order` changes an order to, by the name that a test gives it: statuses, and fills of so many lots.
PATHS: dict[str, list[str | int]] = {
    "pending_new": [],
    "new": ["new"],
    "partially_filled": ["new", 1],
    "filled": ["new", 2],
    "done_for_day": ["new", "done_for_day"],
    "pending_cancel": ["new", "pending_cancel"],
    "pending_replace": ["new", "pending_replace"],
    "stopped": ["new", "stopped"],
    "suspended": ["new", "suspended"],
    "canceled": ["new", "canceled"],
    "rejected": ["rejected"],
    "expired": ["new", "expired"],
    "calculated": ["new", "done_for_day", "calculated"],
}


class Desk:
    """Orders of two lots of EURUSD."""

    def __init__(self, database: databases.Database) -> None:
        self.database = database
        self.app = database.connect()
        self.owner = database.connect(owner=True)
        self.run(
            "INSERT INTO currencies (code, name) VALUES ('USD', 'US dollar'), ('EUR', 'Euro') ON CONFLICT DO NOTHING"
        )
        self.user = self.run(
            "INSERT INTO users (email, username, password_hash) VALUES (%s, %s, '!') RETURNING id",
            *[f"{next(_numbers)}@desk.example", f"desk{next(_numbers)}"],
        )["id"]
        self.account = self.new_account()
        self.instrument = self.new_instrument()

    def run(self, statement: str, *parameters: Any, owner: bool = False) -> Row:
        """One statement, one transaction; its first row, or nothing."""
        cursor = (self.owner if owner else self.app).execute(statement, parameters)
        return (cursor.fetchone() if cursor.description else None) or {}

    def rows(self, statement: str, *parameters: Any) -> list[Row]:
        return self.app.execute(statement, parameters).fetchall()

    def new_account(self, **columns: Any) -> UUID:
        values = {"user_id": self.user, "account_number": f"DESK{next(_numbers)}", "currency": "USD", **columns}
        return self.insert("accounts", values)["id"]

    def new_instrument(self, **columns: Any) -> UUID:
        values = {
            "symbol": f"DESK.{next(_numbers)}",
            "instrument_type": "forex",
            "esma_class": "fx_major",
            "base_currency": "EUR",
            "quote_currency": "USD",
            "tick_size": "0.00005",
            "min_quantity": "0.1",
            "max_quantity": 100,
            "quantity_step": "0.1",
            "contract_size": 100_000,
            **columns,
        }
        return self.insert("instruments", values)["id"]

    def new_order(self, **columns: Any) -> Row:
        values = {
            "account_id": self.account,
            "user_id": self.user,
            "client_order_id": f"c{next(_numbers)}",
            "instrument_id": self.instrument,
            "order_type": "market",
            "side": "buy",
            "quantity": 2,
            **columns,
        }
        return self.insert("orders", values)

    def order(self, path: str | list[str | int] = "new", **columns: Any) -> UUID:
        """An order that has gone a way, by the name of its end in `PATHS` or step by step; its key."""
        key = self.new_order(**columns)["id"]
        for step in PATHS[path] if isinstance(path, str) else path:
            self.move(key, step)
        return key

    def move(self, order: UUID, step: str | int) -> None:
        """Give it a status, or fill so many lots of it."""
        if isinstance(step, int):
            self.fill(order, quantity=step)
        else:
            reason = "no money" if step == "rejected" else ""
            self.run("UPDATE orders SET status = %s, reject_reason = %s WHERE id = %s", step, reason, order)

    def fill(self, order: UUID, **columns: Any) -> Row:
        values = {
            "order_id": order,
            "fill_price": columns.pop("price", "1.1"),
            "fill_quantity": columns.pop("quantity", 1),
            "venue": "XOFF",
            "execution_id": f"x{next(_numbers)}",
            **columns,
        }
        return self.insert("order_fills", values, owner=True)

    def request(self, order: UUID, kind: str, **terms: Any) -> Row:
        return self.insert("order_change_requests", {"order_id": order, "kind": kind, **terms})

    def state(self, order: UUID) -> Row:
        return self.run("SELECT * FROM orders WHERE id = %s", order)

    def events(self, order: UUID) -> list[Row]:
        return self.rows("SELECT * FROM order_audit WHERE order_id = %s ORDER BY seq", order)

    def story(self, order: UUID) -> list[tuple[str, str]]:
        """What happened to it: (exec type, status) by event."""
        return [(event["exec_type"], event["new_status"]) for event in self.events(order)]

    def insert(self, table: str, values: dict[str, Any], *, owner: bool = False) -> Row:
        names, places = ", ".join(values), ", ".join(["%s"] * len(values))
        return self.run(f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING *", *values.values(), owner=owner)

    def close(self) -> None:
        self.app.close()
        self.owner.close()


@pytest.fixture(scope="module")
def desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[Desk]:
    """One desk for all tests of a module."""
    with django_db_blocker.unblock(), databases.clone(f"desk_{os.getpid()}_{next(_numbers)}") as database:
        desk = Desk(database)
        try:
            yield desk
        finally:
            desk.close()


def broken(database: databases.Database, invariants: tuple[Invariant, ...] = ORDER_INVARIANTS) -> dict[str, list[Row]]:
    """The rows that break an invariant, by its name."""
    with database.connect(owner=True) as connection:
        found = {invariant.name: connection.execute(invariant.sql).fetchall() for invariant in invariants}
    return {name: rows for name, rows in found.items() if rows}


def broken_lately(connection: psycopg.Connection[Any], invariant: Invariant, *, later: bool = False) -> list[str]:
    """Keys of the rows that `verify_books --incremental` finds broken of what this transaction has written.

    `later`: of what far later ones have, which is nothing.
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        [[since]] = cursor.execute("SELECT pg_current_xact_id()::text::bigint").fetchall()
        rows = broken_rows(cursor, invariant, since=since + later * 1_000_000, first_keys={}, limit=1000)
    return [key for key, _, _ in rows]
