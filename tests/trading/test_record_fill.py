"""An execution that a venue reports: written down once, and the order moves."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from tests.rows import trading as rows
from trading import services
from trading.errors import DuplicateExecution

pytestmark = pytest.mark.django_db


def report(order: UUID, **columns: Any) -> dict[str, Any]:
    values = {"price": Decimal("1.1"), "quantity": Decimal(1), "venue": "XOFF", "execution_id": "one"}
    return {"order_id": order, **values, **columns}


def test_a_report_counts_once() -> None:
    order = rows.order(quantity=2)
    first = services.record_fill(**report(order.pk), actor="fix")
    assert services.record_fill(**report(order.pk)).pk == first.pk
    order.refresh_from_db()
    assert (order.status, order.filled_quantity, order.event_seq) == ("partially_filled", 1, 2)
    event = order.events.get(seq=2)
    assert (event.event_type, event.triggered_by, event.venue) == ("filled", "fix", "XOFF")
    with pytest.raises(DuplicateExecution, match=f"recorded as fill {first.pk}, which differs in fill_price"):
        services.record_fill(**report(order.pk, price=Decimal("1.2")))


def test_a_commission_is_the_orders() -> None:
    order = rows.order(quantity=2)
    for number, commission in enumerate(["0.25", "-0.1"]):
        services.record_fill(
            **report(order.pk, execution_id=f"{number}", commission=Decimal(commission), commission_currency="USD")
        )
    order.refresh_from_db()
    assert (order.status, order.commission, order.commission_currency_id) == ("filled", Decimal("0.15"), "USD")


def test_a_dealer_lets_a_late_fill_in() -> None:
    order = rows.order()
    services.reject_order(order_id=order.pk, reason="no money")
    with pytest.raises(IntegrityError, match="is rejected and takes no fill"), transaction.atomic():
        services.record_fill(**report(order.pk))
    assert services.record_fill(**report(order.pk, dealer="J. Doe")).is_late
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == ("rejected", 0)
