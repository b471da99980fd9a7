"""The pages of this app's admin open, search and filter, and show no secret."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.rows import accounts, liquidity

BUILDERS = {
    "liquidityprovider": liquidity.liquidity_provider,
    "lpinstrument": liquidity.lp_instrument,
    "lpquote": liquidity.lp_quote,
    "lporderrouting": liquidity.lp_order_routing,
    "lpperformancemetric": liquidity.lp_performance_metric,
    "lpexposure": liquidity.lp_exposure,
    "sorrule": liquidity.sor_rule,
    "clientprofile": liquidity.client_profile,
}


@pytest.fixture
def desk(client: Client, db: None) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(accounts.user(is_staff=True, is_superuser=True))
    return client


def test_every_model_has_a_page() -> None:
    models = {model._meta.model_name for model in apps.get_app_config("liquidity").get_models()}
    assert models == set(BUILDERS)
    assert all(model in admin.site._registry for model in apps.get_app_config("liquidity").get_models())


@pytest.mark.parametrize("name", BUILDERS)
def test_list_search_and_page_open(desk: Client, name: str) -> None:
    row: Any = BUILDERS[name]()
    changelist = reverse(f"admin:liquidity_{name}_changelist")
    for address in (changelist, f"{changelist}?q=abc", f"{changelist}?q={row.pk}"):
        assert desk.get(address).status_code == 200
    assert desk.get(reverse(f"admin:liquidity_{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("name", ["liquidityprovider", "lpinstrument", "sorrule", "clientprofile"])
def test_what_people_keep_can_be_added(desk: Client, name: str) -> None:
    assert desk.get(reverse(f"admin:liquidity_{name}_add")).status_code == 200


@pytest.mark.parametrize("name", ["lpquote", "lporderrouting", "lpperformancemetric", "lpexposure"])
def test_what_happened_is_only_read(desk: Client, name: str) -> None:
    assert desk.get(reverse(f"admin:liquidity_{name}_add")).status_code == 403
    row = BUILDERS[name]()
    assert desk.post(reverse(f"admin:liquidity_{name}_change", args=[row.pk]), {}).status_code == 403


def test_provider_page_shows_no_secret(desk: Client) -> None:
    provider = liquidity.liquidity_provider(api_key="key-1", api_secret="secret-1")
    page = desk.get(reverse("admin:liquidity_liquidityprovider_change", args=[provider.pk])).content.decode()
    assert provider.name in page
    assert "key-1" not in page
    assert "secret-1" not in page
