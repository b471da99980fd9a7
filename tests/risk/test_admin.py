"""The back office's pages of risk, as a superuser sees them."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.rows import accounts, risk

BUILDERS = {
    "circuitbreaker": risk.circuit_breaker,
    "circuitbreakerevent": risk.circuit_breaker_event,
    "leveragecap": risk.leverage_cap,
    "margincall": risk.margin_call,
    "marginrate": risk.margin_rate,
    "marginrequirement": risk.margin_requirement,
    "portfoliorisk": risk.portfolio_risk,
    "positionriskmetric": risk.position_risk_metric,
    "riskalert": risk.risk_alert,
    "risklimit": risk.risk_limit,
    "risklimitbreach": risk.risk_limit_breach,
    "stresstestresult": risk.stress_test_result,
    "stresstestscenario": risk.stress_test_scenario,
}
READ_ONLY = [
    "circuitbreakerevent",
    "marginrequirement",
    "portfoliorisk",
    "positionriskmetric",
    "risklimitbreach",
    "stresstestresult",
]


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(accounts.user(is_staff=True, is_superuser=True))
    return client


def test_every_model_is_tried() -> None:
    assert set(BUILDERS) == {model._meta.model_name for model in apps.get_app_config("risk").get_models()}


@pytest.mark.parametrize("name", BUILDERS)
def test_a_row_is_listed_found_and_shown(name: str, client: Client) -> None:
    row = BUILDERS[name]()
    listed = reverse(f"admin:risk_{name}_changelist")
    assert client.get(listed).status_code == 200
    assert client.get(listed, {"q": "anything"}).status_code == 200
    assert client.get(reverse(f"admin:risk_{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("name", BUILDERS)
def test_only_what_people_decide_is_written_by_people(name: str, client: Client) -> None:
    answer = client.get(reverse(f"admin:risk_{name}_add"))
    assert answer.status_code == (403 if name in READ_ONLY else 200)


def test_a_list_asks_no_query_for_each_row(client: Client, django_assert_max_num_queries: Any) -> None:
    limit = risk.risk_limit()
    for _ in range(20):
        risk.risk_limit_breach(limit=limit, account=accounts.account())
    with django_assert_max_num_queries(12):
        client.get(reverse("admin:risk_risklimitbreach_changelist"))


def test_a_limit_is_made_in_the_back_office(client: Client) -> None:
    model = apps.get_model("risk", "RiskLimit")
    form = {"limit_type": "open_positions", "entity_type": "global", "limit_value": "50", "breached_action": "warn"}
    answer = client.post(reverse("admin:risk_risklimit_add"), form | {"is_active": "on", "metadata": "{}"})
    assert answer.status_code == 302, answer.context["errors"]
    limit = model.objects.get()
    assert (limit.limit_value, limit.breached_action, limit.is_active) == (50, "warn", True)


@pytest.mark.parametrize("name", BUILDERS)
def test_every_foreign_key_of_a_form_is_looked_up(name: str) -> None:
    """A list of every account would be a million options."""
    model = apps.get_model("risk", name)
    page = admin.site.get_model_admin(model)
    if name not in READ_ONLY:
        keys = {field.name for field in model._meta.fields if field.is_relation and field.editable}
        assert keys <= set(page.autocomplete_fields)
