"""DELETE of a person, account, instrument or provider, by whatever client, keeps the row."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import Sql
from tests.rows import accounts as account_rows
from tests.rows import trading as rows
from trading.models import Instrument

pytestmark = pytest.mark.django_db


def test_delete_in_sql_sets_the_time_once(sql: Sql) -> None:
    instrument = rows.instrument()
    sql("DELETE FROM instruments WHERE id = %s", [instrument.id])
    first = sql("SELECT deleted_at FROM instruments WHERE id = %s", [instrument.id])
    sql("SELECT pg_sleep(0.01)")
    sql("DELETE FROM instruments WHERE id = %s", [instrument.id])
    assert sql("SELECT deleted_at FROM instruments WHERE id = %s", [instrument.id]) == first
    assert first[0]["deleted_at"] is not None


def test_deleted_row_is_hidden_and_still_there() -> None:
    instrument = rows.instrument()
    assert instrument.delete() == (1, {"trading.Instrument": 1})
    assert instrument.deleted_at is not None
    assert not Instrument.objects.filter(pk=instrument.pk).exists()
    assert Instrument.all_objects.filter(pk=instrument.pk).exists()


def test_queryset_deletes_what_has_history() -> None:
    order = rows.order()
    assert Instrument.objects.filter(pk=order.instrument_id).delete() == (1, {"trading.Instrument": 1})
    order.refresh_from_db()
    assert order.instrument.deleted_at is not None


def test_name_of_a_deleted_row_may_be_used_again() -> None:
    rows.instrument(symbol="AAAUSD").delete()
    assert rows.instrument(symbol="AAAUSD").pk


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(account_rows.user(is_staff=True, is_superuser=True))
    return client


def test_admin_deletes_a_row_that_has_history(admin_client: Client) -> None:
    order = rows.order()
    page = reverse("admin:trading_instrument_delete", args=[order.instrument_id])
    assert admin_client.get(page).status_code == 200
    assert admin_client.post(page, {"post": "yes"}).status_code == 302
    assert not Instrument.objects.filter(pk=order.instrument_id).exists()
    assert Instrument.all_objects.filter(pk=order.instrument_id).exists()


def test_admin_says_that_a_name_is_taken(admin_client: Client) -> None:
    rows.instrument(symbol="AAAUSD")
    other = rows.instrument(symbol="BBBUSD")
    page = reverse("admin:trading_instrument_change", args=[other.pk])
    form = admin_client.get(page).context["adminform"].form
    data = {name: form.initial.get(name) for name in form.fields if form.initial.get(name) is not None}
    formsets = admin_client.get(page).context["inline_admin_formsets"]
    inline = {f"{item.formset.prefix}-{key}": 0 for item in formsets for key in ("TOTAL_FORMS", "INITIAL_FORMS")}
    data |= {"symbol": "AAAUSD", "trading_hours": "{}", "metadata": "{}"}
    response = admin_client.post(page, {**data, **inline})
    assert response.status_code == 200
    assert "AAAUSD" in response.content.decode()
    assert response.context["adminform"].form.errors
