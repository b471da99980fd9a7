"""Secrets of providers: encrypted in the table, out of the readers' reach, write-only in the admin."""

import psycopg
import pytest

from liquidity.admin.providers import LiquidityProviderForm
from liquidity.models import LiquidityProvider
from tests.conftest import Sql
from tests.databases import Database
from tests.rows import liquidity


def test_secrets_are_encrypted_at_rest(sql: Sql) -> None:
    provider = liquidity.liquidity_provider(api_key="key-1", api_secret="secret-1")
    (row,) = sql("SELECT api_key, api_secret FROM liquidity_providers WHERE id = %s", [provider.pk])
    assert "key-1" not in row["api_key"]
    assert "secret-1" not in row["api_secret"]
    stored = LiquidityProvider.objects.get(pk=provider.pk)
    assert (stored.api_key, stored.api_secret) == ("key-1", "secret-1")


@pytest.mark.parametrize("role", ["trading_readonly", "trading_auditor"])
def test_readers_see_providers_without_their_secrets(fresh_database: Database, role: str) -> None:
    with fresh_database.connect(owner=True, autocommit=False) as connection:
        rights = "SELECT has_column_privilege(%s, 'liquidity_providers', %s, 'SELECT') AS may"
        may = {
            column: connection.execute(rights, [role, column]).fetchone()["may"]  # type: ignore[index]
            for column in ("name", "connection_status", "api_key", "api_secret")
        }
    assert may == {"name": True, "connection_status": True, "api_key": False, "api_secret": False}


FORM = {
    "name": "OANDA",
    "provider_type": "market_maker",
    "protocol": "rest",
    "priority": "100",
    "min_order_size": "0",
    "connection_status": "connected",
    "total_volume_24h": "0",
    "total_trades_24h": "0",
    "config": "{}",
    "supported_instruments": "",
}


def test_form_shows_no_secret_and_an_empty_field_keeps_it(db: None) -> None:
    provider = liquidity.liquidity_provider(name="OANDA", api_key="key-1", api_secret="secret-1")
    form = LiquidityProviderForm(instance=provider)
    assert "key-1" not in form.as_p()
    assert "secret-1" not in form.as_p()
    form = LiquidityProviderForm({**FORM, "new_api_key": "key-2"}, instance=provider)
    assert form.is_valid(), form.errors
    form.save()
    stored = LiquidityProvider.objects.get(pk=provider.pk)
    assert (stored.api_key, stored.api_secret) == ("key-2", "secret-1")


def test_secret_in_the_address_is_refused_by_the_form(db: None) -> None:
    form = LiquidityProviderForm({**FORM, "connection_string": "tcp://user:secret@fix.example"})
    assert not form.is_valid()
    assert "The address holds a secret" in str(form.errors)


def test_secret_is_not_in_the_error_of_the_database(db: None) -> None:
    """An encrypted column's plain text never reaches the server, so no error can repeat it."""
    with pytest.raises(Exception, match="liquidity_providers_protocol_check") as caught:
        liquidity.liquidity_provider(protocol="fax", api_secret="secret-1")
    assert isinstance(caught.value.__cause__, psycopg.errors.CheckViolation)
    assert "secret-1" not in str(caught.value)


def test_form_says_that_a_name_is_taken(db: None) -> None:
    liquidity.liquidity_provider(name="OANDA")
    form = LiquidityProviderForm(FORM)
    assert not form.is_valid()
