"""What happens to people, accounts and limits is in the logs of those who must know, whoever writes it."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import bcrypt
import pytest
from django.test import Client

from audit.context import acting
from tests.rows import accounts, risk

Sql = Callable[..., list[dict[str, Any]]]


def activities(sql: Sql, user: Any) -> list[tuple[str, Any]]:
    rows = sql(
        "SELECT activity_type, details->>'by' AS by FROM user_activity_log WHERE user_id = %s ORDER BY id", [user.pk]
    )
    return [(row["activity_type"], row["by"]) for row in rows]


def test_what_a_user_changes_of_his_own_is_his_activity(sql: Sql) -> None:
    user = accounts.user(password="correct horse battery")
    with acting(user=user.pk, ip="192.0.2.9"):
        user.set_password("another one of them")
        user.email, user.phone = "new@example.org", "+49 30 1"
        user.two_factor_enabled, user.two_factor_secret = True, "JBSWY3DPEHPK3PXP"
        user.save()
        user.two_factor_enabled = False
        user.save()
    assert sorted(activities(sql, user)) == [
        (name, None) for name in ("2fa_disabled", "2fa_enabled", "email_change", "password_change", "profile_update")
    ]
    [row] = sql("SELECT DISTINCT host(ip_address) AS ip FROM user_activity_log WHERE user_id = %s", [user.pk])
    assert row["ip"] == "192.0.2.9"


def test_what_somebody_else_changes_bears_his_name(sql: Sql) -> None:
    user, admin = accounts.user(password="correct horse battery"), uuid.uuid4()
    with acting(user=admin):
        user.set_password("another one of them")
        user.save()
    assert activities(sql, user) == [("password_reset", str(admin))]


def test_a_log_in_that_renews_a_hash_is_no_change_of_the_password(client: Client, sql: Sql) -> None:
    user = accounts.user()
    # As another system made it.
    hashed = "bcrypt$" + bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    sql("UPDATE users SET password_hash = %s WHERE id = %s", [hashed, user.pk])
    before = activities(sql, user)
    assert client.post("/admin/login/", {"username": user.username, "password": "secret"}).status_code in (200, 302)
    [row] = sql("SELECT password_hash LIKE 'argon2%%' AS renewed FROM users WHERE id = %s", [user.pk])
    assert row["renewed"]
    assert [name for name, _ in activities(sql, user)[len(before) :] if name.startswith("password")] == []


def test_a_decision_about_an_identity_is_a_compliance_event(sql: Sql) -> None:
    user, officer = accounts.user(), uuid.uuid4()
    sql("UPDATE users SET kyc_status = 'under_review' WHERE id = %s", [user.pk])
    with acting(user=officer):
        sql("UPDATE users SET kyc_status = 'approved', kyc_level = 2 WHERE id = %s", [user.pk])
    rows = sql("SELECT event_type, status, description, details->>'by' AS by FROM compliance_events ORDER BY id")
    assert [(row["event_type"], row["status"], row["description"]) for row in rows] == [
        ("kyc_check", "under_review", "under_review, level 0"),
        ("kyc_check", "cleared", "approved, level 2"),
    ]
    assert rows[1]["by"] == str(officer)
    assert activities(sql, user)[0][0] == "kyc_submitted"


def test_a_key_that_is_made_or_revoked_is_in_the_log_without_the_key(sql: Sql) -> None:
    key = accounts.api_key()
    sql("UPDATE api_keys SET revoked_at = clock_timestamp() WHERE id = %s", [key.pk])
    sql("UPDATE api_keys SET name = 'renamed' WHERE id = %s", [key.pk])
    rows = sql(
        "SELECT activity_type, details::text FROM user_activity_log WHERE user_id = %s ORDER BY id", [key.user_id]
    )
    assert [row["activity_type"] for row in rows] == ["api_key_created", "api_key_revoked"]
    assert all(key.key_hash not in row["details"] for row in rows)


def test_risk_events_follow_from_what_is_written_down(sql: Sql) -> None:
    call = risk.margin_call()
    breach = risk.risk_limit_breach()
    risk.circuit_breaker_event(breaker=risk.circuit_breaker(current_value=Decimal("0.2")))
    risk.circuit_breaker_event(event_type="reset")
    rows = sql("SELECT event_type, severity, account_id, measured, threshold FROM risk_events ORDER BY id")
    assert [row["event_type"] for row in rows] == ["margin_call", "limit_breach", "circuit_breaker_triggered"]
    assert (rows[0]["account_id"], rows[0]["measured"]) == (call.account_id, call.margin_level)
    assert (rows[1]["measured"], rows[1]["threshold"]) == (breach.actual_value, breach.limit_value)
    assert (rows[2]["measured"], rows[2]["threshold"]) == (Decimal("0.2"), Decimal("0.1"))


@pytest.mark.parametrize(
    ("call_type", "severity"), [("margin_call", "warning"), ("stop_out", "critical"), ("liquidation", "critical")]
)
def test_a_margin_call_has_its_severity(sql: Sql, call_type: str, severity: str) -> None:
    risk.margin_call(call_type=call_type)
    assert sql("SELECT event_type, severity FROM risk_events") == [{"event_type": call_type, "severity": severity}]


def test_events_do_not_go_into_temporary_tables_of_the_writer(sql: Sql) -> None:
    for log in ("user_activity_log", "compliance_events", "risk_events"):
        sql(f"CREATE TEMPORARY TABLE {log} (LIKE public.{log} INCLUDING IDENTITY INCLUDING DEFAULTS) ON COMMIT DROP")
    user = accounts.user()
    sql("UPDATE users SET email = 'new@example.org', kyc_status = 'approved' WHERE id = %s", [user.pk])
    accounts.api_key(user=user)
    risk.margin_call()
    risk.risk_limit_breach()
    risk.circuit_breaker_event(breaker=risk.circuit_breaker(current_value=Decimal("0.2")))
    counts = sql(
        "SELECT (SELECT count(*) FROM public.user_activity_log) AS activities,"
        " (SELECT count(*) FROM public.compliance_events) AS decisions,"
        " (SELECT count(*) FROM public.risk_events) AS risks"
    )
    assert counts == [{"activities": 2, "decisions": 1, "risks": 3}]
