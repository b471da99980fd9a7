"""What a service sends: one statement, prepared once per session, and nothing around it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.databases import Database
from tests.rows import accounts
from tests.rows import trading as rows
from trading import pretrade
from trading.models import Order
from trading.pretrade import NewOrder
from trading.services import acknowledge_order, apply_fill, submit_order


def new_order(client_order_id: str, **columns: Any) -> NewOrder:
    values = {
        "account_id": accounts.account().pk,
        "instrument_id": rows.instrument().pk,
        "client_order_id": client_order_id,
        "order_type": "market",
        "side": "buy",
        "quantity": Decimal(1),
    }
    return NewOrder(**values | columns)


def sent(action: Callable[[], Any]) -> list[str]:
    """The first words of the statements, transactions included."""
    with CaptureQueriesContext(connection) as queries:
        action()
    return [query["sql"].split()[0] for query in queries]


def test_each_event_of_an_order_is_one_statement(live_database: Database) -> None:
    order = new_order("one")
    assert sent(lambda: submit_order(order=order)) == ["INSERT"]
    key = Order.objects.get(client_order_id="one").pk
    assert sent(lambda: acknowledge_order(order_id=key)) == ["UPDATE"]
    fill = {"order_id": key, "price": Decimal("1.1"), "quantity": Decimal(1), "venue": "XOFF", "execution_id": "one"}
    assert sent(lambda: apply_fill(**fill)) == ["SELECT"]
    assert Order.objects.get(pk=key).status == "filled"


def test_values_of_a_prepared_statement_are_those_of_the_orm(live_database: Database) -> None:
    metadata = {"path": [1, "é", None]}
    limit = {"order_type": "limit", "price": Decimal("1.10000"), "time_in_force": "gtd"}
    order = submit_order(order=new_order("one", **limit, good_till_date=timezone.now() + timedelta(days=1)))
    Order.objects.filter(pk=order.pk).update(metadata=metadata)
    written, read = acknowledge_order(order_id=order.pk), Order.objects.get(pk=order.pk)
    assert written.metadata == metadata
    for field in Order._meta.fields:
        assert repr(getattr(written, field.attname)) == repr(getattr(read, field.attname))


def test_statement_is_prepared_once_and_goes_on_when_a_migration_adds_a_column(live_database: Database) -> None:
    keys = [submit_order(order=new_order(name)).pk for name in ("one", "two", "three")]
    acknowledge_order(order_id=keys[0])
    live_database.rows("ALTER TABLE orders ADD COLUMN desk text")
    acknowledge_order(order_id=keys[1])
    acknowledge_order(order_id=keys[2])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement ~ 'INSERT INTO orders', generic_plans + custom_plans FROM pg_prepared_statements"
            " ORDER BY prepare_time"
        )
        assert cursor.fetchall() == [(True, 3), (False, 3)]
    assert {order.status for order in Order.objects.filter(pk__in=keys)} == {"new"}


def test_service_returns_the_row_as_the_orm_reads_it(live_database: Database) -> None:
    submitted = submit_order(order=new_order("one"))
    read = Order.objects.get(pk=submitted.pk)
    for field in Order._meta.concrete_fields:
        value = getattr(submitted, field.attname)
        assert (value, type(value)) == (getattr(read, field.attname), type(getattr(read, field.attname))), field
    assert submitted._state.db == "default"
    assert not submitted._state.adding


@pytest.mark.django_db
def test_refusal_leaves_the_transaction_around_it_usable() -> None:
    order = new_order("one", quantity=Decimal("0.001"))
    with transaction.atomic():
        with pytest.raises(DatabaseError, match="no multiple of the step"):
            submit_order(order=order)
        assert Order.objects.count() == 0


def test_check_before_a_trade_is_asked_in_the_transaction_of_the_order(live_database: Database) -> None:
    def check(order: NewOrder) -> str:
        return "" if connection.in_atomic_block else "asked outside"

    order = new_order("one")
    pretrade.register(check)
    try:
        words = sent(lambda: submit_order(order=order))
    finally:
        pretrade.unregister(check)
    assert words == ["BEGIN", "SAVEPOINT", "INSERT", "RELEASE", "COMMIT"]
    assert Order.objects.get().status == "pending_new"
