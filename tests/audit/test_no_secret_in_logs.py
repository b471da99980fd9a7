"""After passwords, keys and secrets were used in every way, no log knows one of them."""

from collections.abc import Callable
from typing import Any

from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from liquidity.models import LiquidityProvider
from ops.seeding.seed import seed_small_broker
from tests.rows import accounts

LOGS = [
    "audit_log", "audit_contexts", "user_activity_log", "system_events", "api_access_log", "risk_events",
    "compliance_events", "account_audit", "order_audit", "position_audit", "django_admin_log",
]  # fmt: skip

Sql = Callable[..., list[dict[str, Any]]]


def test_no_log_holds_a_secret(sql: Sql, client: Client) -> None:
    first, second, mistyped = "correct horse battery", "another one of them", "typed-into-the-wrong-field"
    seed_small_broker(password_for=lambda username: first)
    stored = [row["password_hash"] for row in sql("SELECT password_hash FROM users")]
    login = reverse("admin:login")
    client.post(login, {"username": "admin", "password": mistyped})
    client.post(login, {"username": mistyped, "password": mistyped})
    assert client.post(login, {"username": "admin", "password": first}).status_code == 302
    trader = sql("SELECT id FROM users WHERE username = 'trader1'")[0]["id"]
    change = reverse("admin:auth_user_password_change", args=[trader])
    typed = {"usable_password": "true", "password1": second, "password2": second}
    assert client.post(change, typed).status_code == 302
    user = accounts.user(two_factor_secret="JBSWY3DPEHPK3PXP")
    user.two_factor_secret = "KRSXG5CTMVRXEZLU"
    user.save()
    key = accounts.api_key(user=user)
    identity = accounts.client_identity(user=user, national_id="AB123456C")
    LiquidityProvider.objects.update(api_key="provider-key-1", api_secret="provider-secret-1")
    for provider in LiquidityProvider.objects.all():
        provider.api_key, provider.api_secret = "provider-key-2", "provider-secret-2"
        provider.save()
    sql("DELETE FROM client_identities WHERE id = %s", [identity.pk])
    sql("DELETE FROM api_keys WHERE id = %s", [key.pk])
    stored += [row["password_hash"] for row in sql("SELECT password_hash FROM users")]
    stored += [str(session.pk) for session in Session.objects.all()]
    # What Fernet has encrypted begins like this.
    secrets = {
        first,
        second,
        mistyped,
        *stored,
        "JBSWY3DPEHPK3PXP",
        "KRSXG5CTMVRXEZLU",
        key.key_hash,
        "AB123456C",
        "gAAAA",
    }
    secrets |= {f"provider-{kind}-{number}" for kind in ("key", "secret") for number in (1, 2)}
    written = {log: "\n".join(row["text"] for row in sql(f"SELECT t::text AS text FROM {log} AS t")) for log in LOGS}
    assert all(written[log] for log in ("audit_log", "audit_contexts", "user_activity_log", "account_audit"))
    assert [(log, secret) for log in LOGS for secret in secrets if secret in written[log]] == []
