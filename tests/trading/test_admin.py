"""The back office of trading: what is edited, what is only read, and that searches use indexes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.rows import accounts
from tests.rows import trading as rows
from trading.models import Instrument, Order, OrderStatusTransition, Trade

MODELS = [*apps.get_app_config("trading").get_models()]
EDITED = {"Instrument", "InstrumentSession", "FeeSchedule", "CorporateAction"}

ROWS: dict[str, Callable[[], Model]] = {
    "Instrument": rows.instrument,
    "InstrumentSession": rows.instrument_session,
    "InstrumentMark": rows.instrument_mark,
    "Order": rows.order,
    "OrderStatusTransition": OrderStatusTransition.objects.first,
    "OrderFill": rows.order_fill,
    "OrderAudit": rows.order_event,
    "OrderChangeRequest": rows.order_change_request,
    "Position": rows.position,
    "PositionAudit": rows.position_event,
    "Trade": rows.trade,
    "FeeSchedule": rows.fee_schedule,
    "CorporateAction": rows.corporate_action,
}


def test_every_model_is_registered() -> None:
    assert set(MODELS) <= set(admin.site._registry)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_services_write_is_only_read(model: Any) -> None:
    request = RequestFactory().get("/")
    request.user = type("Superuser", (), {"is_active": True, "has_perm": lambda *_: True})()
    page = admin.site._registry[model]
    assert page.has_change_permission(request) is (model.__name__ in EDITED)
    assert page.has_add_permission(request) is (model.__name__ in EDITED)


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_pages_open(client: Client, model: Any) -> None:
    row = ROWS[model.__name__]()
    client.force_login(accounts.user(is_staff=True, is_superuser=True))
    page = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{page}_changelist"), {"q": "EURUSD"}).status_code == 200
    assert client.get(reverse(f"{page}_changelist")).context["cl"].result_count > 0
    assert client.get(reverse(f"{page}_change", args=[row.pk])).status_code == 200
    if model.__name__ in EDITED:
        assert client.get(reverse(f"{page}_add")).status_code == 200


@pytest.mark.django_db
def test_instrument_is_added_and_its_sessions_after_it(client: Client) -> None:
    client.force_login(accounts.user(is_staff=True, is_superuser=True))
    form = {
        "symbol": "SPX500USD",
        "display_name": "US 500",
        "instrument_type": "index",
        "esma_class": "fx_minor_gold_index",
        "base_currency": "",
        "quote_currency": accounts.currency("USD").pk,
        "tick_size": "0.1",
        "min_quantity": "0.1",
        "max_quantity": "50",
        "quantity_step": "0.1",
        "contract_size": "1",
        "leverage_max": "20",
        "margin_rate": "0.05",
        "commission_rate": "0",
        "swap_long": "0",
        "swap_short": "0",
        "isin": "",
        "cfi_code": "",
        "time_zone": "America/New_York",
        "trading_hours": "{}",
        "is_tradable": "on",
        "is_active": "on",
        "metadata": "{}",
    }
    added = client.post(reverse("admin:trading_instrument_add"), form)
    assert added.status_code == 302, added.context["adminform"].form.errors
    instrument = Instrument.objects.get(symbol="SPX500USD")

    sessions = {"TOTAL_FORMS": "1", "INITIAL_FORMS": "0", "0-kind": "weekly", "0-weekday": "1"}
    sessions |= {"0-start_minute": "570", "0-end_minute": "960", "0-name": "", "0-instrument": str(instrument.pk)}
    changed = client.post(
        reverse("admin:trading_instrument_change", args=[instrument.pk]),
        form | {f"sessions-{name}": value for name, value in sessions.items()},
    )
    assert changed.status_code == 302, changed.context["errors"]
    assert [(row.weekday, row.start_minute) for row in instrument.sessions.all()] == [(1, 570)]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["", "nonsense"])
def test_a_session_without_a_kind_is_refused_by_the_form(client: Client, kind: str) -> None:
    client.force_login(accounts.user(is_staff=True, is_superuser=True))
    typed = {"instrument": rows.instrument().pk, "kind": kind, "weekday": 1, "start_minute": 0, "end_minute": 60}
    answer = client.post(reverse("admin:trading_instrumentsession_add"), typed)
    assert list(answer.context["adminform"].form.errors) == ["kind"]


@pytest.mark.django_db
def test_form_says_which_rule_an_instrument_breaks() -> None:
    instrument = rows.instrument()
    instrument.min_quantity = Decimal("0.015")
    with pytest.raises(ValidationError, match="multiples of the step"):
        instrument.full_clean()


def _found(model: Any, term: str) -> list[Any]:
    page = admin.site._registry[model]
    request = RequestFactory().get("/")
    return list(page.get_search_results(request, page.get_queryset(request), term)[0])


@pytest.mark.django_db
def test_order_is_found_by_its_id_the_clients_and_the_providers() -> None:
    order, _other = rows.order(lp_order_id="LP-7"), rows.order()
    for term in (str(order.id), order.client_order_id, "LP-7"):
        assert _found(Order, term) == [order]


@pytest.mark.django_db
def test_trade_is_found_by_its_fill_and_by_the_trade_that_busts_it() -> None:
    trade = rows.trade()
    bust = rows.trade(busts=trade)
    assert _found(Trade, str(trade.fill_id)) == [trade]
    assert set(_found(Trade, str(trade.id))) == {trade, bust}


@pytest.mark.django_db
def test_deleted_instrument_stays_visible() -> None:
    instrument = rows.instrument()
    Instrument.objects.filter(pk=instrument.pk).delete()
    assert _found(Instrument, instrument.symbol)[0].deleted_at is not None
    assert not Instrument.objects.filter(pk=instrument.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["client-1", "0190a000-0000-7000-8000-000000000000"])
def test_search_of_orders_reads_no_whole_table(term: str) -> None:
    page = admin.site._registry[Order]
    request = RequestFactory().get("/")
    queryset = page.get_search_results(request, Order.objects.all(), term)[0]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "Seq Scan" not in queryset.order_by().explain()
