"""Secrets in columns: encrypted, or only their digest."""

import ipaddress
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.models import ApiKey, ClientIdentity, User
from tests.rows import accounts as rows

pytestmark = pytest.mark.django_db


def test_second_factor_and_national_id_are_stored_encrypted(sql: Any) -> None:
    user = rows.user(two_factor_enabled=True, two_factor_secret="JBSWY3DPEHPK3PXP")
    identity = rows.client_identity(user=user, national_id="AB123456C")
    [stored] = sql("SELECT two_factor_secret, national_id FROM users JOIN client_identities ON user_id = users.id")
    assert "JBSWY3DPEHPK3PXP" not in stored["two_factor_secret"]
    assert "AB123456C" not in stored["national_id"]
    assert User.objects.get(pk=user.pk).two_factor_secret == "JBSWY3DPEHPK3PXP"
    assert ClientIdentity.objects.get(pk=identity.pk).national_id == "AB123456C"


def test_text_that_no_key_opens_is_an_error_and_is_not_shown(sql: Any) -> None:
    user = rows.user()
    sql("UPDATE users SET two_factor_secret = 'in the clear' WHERE id = %s", [user.pk])
    with pytest.raises(ImproperlyConfigured, match=r"No key .* opens users.two_factor_secret") as caught:
        User.objects.get(pk=user.pk)
    assert "in the clear" not in str(caught.value)


def test_an_api_key_is_limited_to_addresses_of_both_kinds() -> None:
    key = rows.api_key(scopes=["read", "trade"], allowed_ips=["192.0.2.1", "2001:db8::1"])
    stored = ApiKey.objects.get(pk=key.pk)
    assert stored.scopes == ["read", "trade"]
    assert [ipaddress.ip_address(str(address)) for address in stored.allowed_ips] == [
        ipaddress.ip_address("192.0.2.1"),
        ipaddress.ip_address("2001:db8::1"),
    ]
