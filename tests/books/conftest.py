"""A small broker in the middle of a day, on a database of its own, and what one may ask of it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connections

from accounts.choices import CashRequestType, JournalKind, TransactionType
from accounts.models import Account, User
from accounts.services import Leg, post_journal, request_cash, reverse_journal
from liquidity.models import LiquidityProvider
from ops.seeding.seed import seed_small_broker
from tests import databases
from tests.rows import risk
from trading import services
from trading.models import Instrument, Order
from trading.pretrade import NewOrder

#: What Django's own commands write; nothing of the books.
_NOT_COMPARED = "django%"


@dataclass(frozen=True)
class Broker:
    """The database, the application's session on it, and the ids by the names that the bad writes use."""

    database: databases.Database
    app: psycopg.Connection[dict[str, Any]]
    names: dict[str, Any]

    def fingerprint(self) -> dict[str, str]:
        """A hash of all rows of each table, as the owner sees them."""
        with self.database.connect(owner=True) as owner:
            tables = owner.execute(
                "SELECT oid::regclass::text AS name FROM pg_class"
                " WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
                " AND relname NOT LIKE %s ORDER BY 1",
                [_NOT_COMPARED],
            ).fetchall()
            hashes = ", ".join(
                f"(SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table['name']} AS t)"
                f' AS "{table["name"]}"'
                for table in tables
            )
            return owner.execute(f"SELECT {hashes}").fetchone() or {}


@pytest.fixture(scope="module")
def broker(django_db_setup: None, django_db_blocker: Any) -> Iterator[Broker]:
    """Seeded, with orders in several states, fills, a position, requests and a journal that was reversed.

    When it closes, every table has the rows that it had when it opened.
    """
    default = connections["default"]
    with django_db_blocker.unblock(), databases.clone(f"broker_{os.getpid()}") as database:
        default.close()
        name = default.settings_dict["NAME"]
        default.settings_dict["NAME"] = database.name
        try:
            names = _a_day()
        finally:
            default.close()
            default.settings_dict["NAME"] = name
        with database.connect() as app:
            broker = Broker(database, app, names)
            before = broker.fingerprint()
            yield broker
            after = broker.fingerprint()
        changed = sorted(table for table, rows in after.items() if rows != before[table])
        assert not changed, f"refused writes have left something in {', '.join(changed)}"


def _a_day() -> dict[str, Any]:
    seed_small_broker(password_for=lambda username: f"{username}-has-a-password")
    client = Account.objects.get(account_number="LIVE-100001")
    house = Account.objects.get(account_number="HOUSE-USD")
    admin = User.objects.get(username="admin")
    eurusd = Instrument.objects.get(symbol="EURUSD")

    def order(name: str, quantity: int, price: str | None = None) -> Order:
        asked = NewOrder(
            account_id=client.pk,
            client_order_id=name,
            instrument_id=eurusd.pk,
            order_type="limit" if price else "market",
            side="buy",
            quantity=Decimal(quantity),
            price=Decimal(price) if price else None,
        )
        services.submit_order(order=asked)
        return services.acknowledge_order(order_id=Order.objects.get(client_order_id=name).pk)

    orders = {
        "filled": order("filled", 1),
        "partial": order("partial", 2),
        "working": order("working", 2, "1.05"),
        "canceled": order("canceled", 1, "1.04"),
        "replacing": order("replacing", 1, "1.03"),
    }
    fills = {
        name: services.apply_fill(
            order_id=orders[name].pk, price=Decimal("1.1"), quantity=Decimal(1), venue="XOFF", execution_id=name
        )
        for name in ("filled", "partial")
    }
    services.cancel_order(order_id=orders["canceled"].pk)
    services.request_replace(order_id=orders["replacing"].pk, quantity=Decimal(2))
    legs = [
        Leg(account=account.pk, type=TransactionType.ADJUSTMENT, amount=Decimal(amount))
        for account, amount in ((client, 25), (house, -25))
    ]
    mistake = post_journal(kind=JournalKind.ADJUSTMENT, idempotency_key="mistake", legs=legs)
    reverse_journal(journal=mistake)
    goodwill = post_journal(kind=JournalKind.ADJUSTMENT, idempotency_key="goodwill", legs=legs)
    asked = request_cash(
        account=client,
        request_type=CashRequestType.WITHDRAWAL,
        amount=Decimal(1_000_000),
        requested_by=client.user,
    )
    risk.margin_call(account=client)
    return {
        "client": client.pk,
        "user": client.user_id,
        "admin": admin.pk,
        "other": Account.objects.get(account_number="LIVE-100002").pk,
        "other_user": User.objects.get(username="trader2").pk,
        "hedging": Account.objects.get(account_number="MARGIN-300001").pk,
        "house": house.pk,
        "demo_house": Account.objects.get(account_number="HOUSE-DEMO-USD").pk,
        "eurusd": eurusd.pk,
        "provider": LiquidityProvider.objects.order_by("name").values_list("pk", flat=True)[0],
        "goodwill": goodwill,
        "request": asked.pk,
        "fill": fills["filled"].fill_id,
        "trade": fills["filled"].trade_ids[0],
        "position": fills["filled"].position_id,
        **{name: row.pk for name, row in orders.items()},
    }
