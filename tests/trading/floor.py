"""A trading floor: accounts that trade through the services, in the test's own transaction."""

from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import Account
from config.database.invariants import Invariant
from tests.rows import accounts
from tests.rows import trading as rows
from trading.invariants import INVARIANTS
from trading.models import Instrument, Order, Position
from trading.services import FillResult, apply_fill

_numbers = count(1)


class Floor:
    """An account, and instruments that it trades by market orders that are filled at once."""

    def __init__(self, *, currency: str = "USD", **columns: Any) -> None:
        self.house = accounts.house(currency=currency, account_type="demo")
        self.account: Account = accounts.account(currency=self.house.currency, **columns)
        self.eurusd: Instrument = rows.instrument()

    def order(self, side: str, quantity: Any, **columns: Any) -> Order:
        instrument = columns.pop("instrument", self.eurusd)
        return rows.order(account=self.account, instrument=instrument, side=side, quantity=Decimal(quantity), **columns)

    def fill(self, order: Order, price: Any, quantity: Any = None, **terms: Any) -> FillResult:
        """A fill of all of the order, or of `quantity`."""
        return apply_fill(
            **{
                "order_id": order.id,
                "price": Decimal(price),
                "quantity": order.quantity if quantity is None else Decimal(quantity),
                "venue": "XOFF",
                "execution_id": f"floor-{next(_numbers)}",
                **terms,
            }
        )

    def trade(self, side: str, quantity: Any, price: Any, *, commission: Any = 0, **columns: Any) -> FillResult:
        """An order that is filled at once."""
        return self.fill(self.order(side, quantity, **columns), price, commission=Decimal(commission))

    def mark(self, instrument: Instrument, mid: Any, bid: Any = None, ask: Any = None, minutes: int = 0) -> datetime:
        """A mark of so many minutes after the test began, by the `now()` of its transaction; the moment of the mark."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT now() + make_interval(mins => %s)", [minutes])
            (moment,) = cursor.fetchone()
        rows.instrument_mark(instrument=instrument, marked_at=moment, mid=Decimal(mid), bid=bid, ask=ask)
        return moment

    def move_house(self) -> Account:
        """Close the account of the house that the client goes to; the new one that he goes to from now on."""
        Account.objects.filter(pk=self.house.pk).update(is_active=False)
        return accounts.house(currency=self.house.currency, account_type="demo")

    @property
    def balance(self) -> Decimal:
        """The account's; the house has lost what the account has won."""
        self.account.refresh_from_db()
        self.house.refresh_from_db()
        assert self.house.balance == -self.account.balance
        return self.account.balance

    def open_positions(self) -> list[tuple[str, Decimal, Decimal]]:
        """(side, quantity, average price) of what is open, long ones first."""
        return list(
            Position.objects.filter(account=self.account, is_open=True)
            .order_by("side")
            .values_list("side", "quantity", "average_price")
        )

    def events(self, position_id: UUID) -> list[tuple[str, Decimal, Decimal]]:
        """(event, quantity before, quantity after) of a position."""
        return list(
            Position.objects.get(pk=position_id)
            .events.order_by("seq")
            .values_list("event_type", "quantity_before", "quantity_after")
        )


def broken(invariants: tuple[Invariant, ...] = INVARIANTS) -> dict[str, list[Any]]:
    """The rows that break an invariant as the test's transaction sees them, by its name."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for invariant in invariants:
            cursor.execute(invariant.sql)
            found[invariant.name] = cursor.fetchall()
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return {name: rows for name, rows in found.items() if rows}
