"""The pages of people and accounts: all open, none shows a secret, and rights cannot be taken by oneself."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Account, CashRequest, ClientIdentity, User, UserRole
from config.database.owner import connected_to
from tests.rows import accounts as rows
from tests.rows import audit as audit_rows

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
OWN_APPS = ("accounts", "audit")
MODELS = [model for model in admin.site._registry if model._meta.app_label in OWN_APPS]


def log_in(client: Client, *roles: Role, **columns: Any) -> User:
    user = rows.user(password=PASSWORD, is_staff=True, **columns)
    for role in roles:
        rows.role(user=user, role=role)
    client.force_login(user)
    return user


@pytest.fixture
def one_of_each(db: None) -> dict[str, Any]:
    account = rows.account()
    journal = rows.journal()
    with connected_to(str(connection.settings_dict["NAME"])):
        departure = audit_rows.partition_departure()
    made = [
        account.user,
        account,
        account.currency,
        journal,
        rows.role(),
        rows.session(),
        rows.api_key(),
        rows.client_identity(),
        rows.client_classification(),
        rows.account_transaction(account=account),
        rows.cash_request(),
        rows.account_event(),
        audit_rows.change(),
        audit_rows.context(),
        audit_rows.layout(),
        audit_rows.row_hashes(),
        audit_rows.seal(),
        audit_rows.seal_chunk(),
        audit_rows.legal_hold(),
        departure,
        audit_rows.user_activity(),
        audit_rows.risk_event(),
        audit_rows.compliance_event(),
        audit_rows.system_event(),
        audit_rows.api_access(),
    ]
    return {row._meta.label: row for row in made}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_list_search_and_detail_open(client: Client, one_of_each: dict[str, Any], model: Any) -> None:
    log_in(client, is_superuser=True)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = one_of_each[model._meta.label]
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    for term in ("a", "%", "'", str(row.pk)):
        assert client.get(reverse(f"{name}_changelist"), {"q": term}).status_code == 200
    page = client.get(reverse(f"{name}_change", args=[row.pk]))
    assert page.status_code == 200
    adding = client.get(reverse(f"{name}_add"))
    assert adding.status_code == (200 if admin.site._registry[model].has_add_permission(adding.wsgi_request) else 403)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.RISK_MANAGER, Role.COMPLIANCE_OFFICER, Role.SUPER_ADMIN])
def test_no_page_shows_a_secret(client: Client, role: Role) -> None:
    log_in(client, role)
    user = rows.user(password=PASSWORD, two_factor_enabled=True, two_factor_secret="JBSWY3DPEHPK3PXP")
    identity = rows.client_identity(user=user, national_id="AB123456C")
    key = rows.api_key(user=user)
    session = rows.session(user=user, session_id="digest-of-a-key")
    secrets = [
        user.password,
        user.password.split("$")[-1][:8],
        "JBSWY3DPEHPK3PXP",
        "AB123456C",
        key.key_hash,
        "digest-of-a-key",
    ]
    for row in (user, identity, key, session):
        url = reverse(f"admin:accounts_{row._meta.model_name}_change", args=[row.pk])
        page = client.get(url)
        assert page.status_code == 200
        shown = page.content.decode()
        assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize(
    ("model", "column"),
    [
        ("user", "password"),
        ("user", "two_factor_secret"),
        ("apikey", "key_hash"),
        ("usersession", "session_id"),
        ("clientidentity", "national_id"),
    ],
)
def test_no_filter_tells_a_secret(client: Client, model: str, column: str) -> None:
    log_in(client, Role.COMPLIANCE_OFFICER)
    url = reverse(f"admin:accounts_{model}_changelist")
    for lookup in (column, f"{column}__startswith", f"{column}__gte"):
        assert client.get(url, {lookup: "a"}).status_code == 400


def test_a_new_user_gets_a_hashed_password_and_can_log_in(client: Client) -> None:
    log_in(client, Role.ADMIN)
    page = {
        "username": "bob",
        "email": "bob@example.org",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert client.post(reverse("admin:accounts_user_add"), page).status_code == 302
    bob = User.objects.get(username="bob")
    assert bob.password.startswith("argon2$")
    assert client.login(username="bob", password=PASSWORD)


@pytest.mark.parametrize(
    ("username", "email"), [("ADA", "x@example.org"), ("bob", "Ada@Example.org"), ("a@b", "x@example.org")]
)
def test_what_the_database_would_refuse_is_said_in_the_form(client: Client, username: str, email: str) -> None:
    log_in(client, Role.ADMIN)
    rows.user(username="ada", email="ada@example.org")
    page = {
        "username": username,
        "email": email,
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    response = client.post(reverse("admin:accounts_user_add"), page)
    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert not User.objects.filter(username=username).exists()


def change_user(client: Client, user: User, **changes: Any) -> int:
    page = {
        "username": user.username,
        "email": user.email,
        "kyc_status": user.kyc_status,
        "kyc_level": user.kyc_level,
        "metadata": "{}",
    }
    if user.is_active:
        page["is_active"] = "on"
    inline = {"roles-TOTAL_FORMS": 0, "roles-INITIAL_FORMS": 0}
    status: int = client.post(
        reverse("admin:accounts_user_change", args=[user.pk]), {**page, **inline, **changes}
    ).status_code
    user.refresh_from_db()
    return status


def test_an_admin_does_not_make_himself_or_others_superusers(client: Client) -> None:
    me = log_in(client, Role.ADMIN)
    for user in (me, rows.user()):
        assert change_user(client, user, is_superuser="on", first_name="Ada") == 302
        assert (user.is_superuser, user.first_name) == (False, "Ada")


def test_nobody_changes_somebody_who_may_do_more(client: Client) -> None:
    superuser, above = rows.user(is_superuser=True), rows.user()
    log_in(client, Role.ADMIN)
    rows.role(user=above, role=Role.SUPER_ADMIN)
    for user in (above, superuser):
        assert change_user(client, user, first_name="Mallory") == 403
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        assert client.post(url, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 403
        assert not User.objects.get(pk=user.pk).has_usable_password()


def test_nobody_takes_over_somebody_inactive_who_could_do_more(client: Client) -> None:
    """A new password, then the tick at "active": he would be a super admin."""
    rows.user(is_superuser=True)  # who gives the rights below
    log_in(client, Role.ADMIN)
    for user in (rows.user(is_active=False), rows.user(deleted_at=timezone.now())):
        rows.role(user=user, role=Role.SUPER_ADMIN)
        assert change_user(client, user, is_active="on") == 403
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        assert client.post(url, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 403


def test_nobody_deletes_somebody_who_may_do_more_among_others_of_the_list(client: Client) -> None:
    superuser, above, below = rows.user(is_superuser=True), rows.user(), rows.user()
    log_in(client, Role.ADMIN)
    rows.role(user=above, role=Role.SUPER_ADMIN)
    url = reverse("admin:accounts_user_changelist")
    for chosen, left in (([superuser, below], 2), ([above, below], 2), ([below], 0)):
        keys = [user.pk for user in chosen]
        client.post(url, {"action": "delete_selected", "_selected_action": keys, "post": "yes"})
        assert User.objects.filter(pk__in=keys).count() == left


def test_a_compliance_officer_decides_on_kyc_and_nothing_else(client: Client) -> None:
    log_in(client, Role.COMPLIANCE_OFFICER)
    user = rows.user(first_name="Ada")
    changes = {
        "kyc_status": "approved",
        "kyc_level": 2,
        "first_name": "Mallory",
        "email": "mallory@example.org",
        "is_staff": "on",
    }
    assert change_user(client, user, **changes) == 302
    assert (user.kyc_status, user.kyc_level, user.first_name, user.is_staff) == ("approved", 2, "Ada", False)
    assert user.email != "mallory@example.org"
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    assert client.get(url).status_code == 403


def test_nobody_approves_his_own_identity(client: Client) -> None:
    officer = log_in(client, Role.COMPLIANCE_OFFICER)
    assert change_user(client, officer, kyc_status="approved") == 200  # refused in the form
    assert change_user(client, officer, kyc_level=1) == 200
    assert (officer.kyc_status, officer.kyc_level) == ("pending", 0)
    assert change_user(client, officer, kyc_status="under_review") == 302


def test_granting_a_role_writes_down_who_granted_it_and_never_to_himself(client: Client) -> None:
    me = log_in(client, Role.SUPER_ADMIN)
    user = rows.user()
    url = reverse("admin:accounts_userrole_add")
    assert client.post(url, {"user": me.pk, "role": "admin"}).status_code == 200
    assert client.post(url, {"user": user.pk, "role": "admin"}).status_code == 302
    assert UserRole.objects.get(user=user).granted_by == me
    assert client.post(url, {"user": user.pk, "role": "admin"}).status_code == 200
    assert UserRole.objects.filter(user=user).count() == 1
    own = UserRole.objects.get(user=me)
    url = reverse("admin:accounts_userrole_change", args=[own.pk])
    assert client.post(url, {"expires_at_0": "2099-01-01", "expires_at_1": "00:00"}).status_code == 200
    own.refresh_from_db()
    assert own.expires_at is None


def test_a_superuser_makes_another_one_and_who_prolongs_a_role_grants_it(client: Client) -> None:
    """The database is told who acts, and that he may."""
    first = rows.user(is_superuser=True, is_staff=True)
    client.force_login(first)
    user = rows.user()
    assert change_user(client, user, is_staff="on", is_superuser="on") == 302
    assert (user.is_staff, user.is_superuser) == (True, True)
    soon = timezone.now() + timedelta(days=1)
    grant = rows.role(user=rows.user(), role=Role.RISK_MANAGER, granted_by=user, expires_at=soon)
    url = reverse("admin:accounts_userrole_change", args=[grant.pk])
    assert client.post(url, {"expires_at_0": "2099-01-01", "expires_at_1": "00:00"}).status_code == 302
    grant.refresh_from_db()
    assert (grant.granted_by, grant.expires_at.year) == (first, 2099)


def test_a_role_is_prolonged_by_who_may(sql: Any, refused: Any) -> None:
    admin = rows.user(is_superuser=True)
    grant = rows.role(role=Role.ADMIN, granted_by=admin, expires_at=timezone.now() + timedelta(days=1))
    sql("UPDATE user_roles SET expires_at = NULL WHERE id = %s", [grant.pk])
    sql("UPDATE user_roles SET expires_at = now() + interval '1 hour' WHERE id = %s", [grant.pk])
    sql("UPDATE users SET is_active = false WHERE id = %s", [admin.pk])
    sql("UPDATE user_roles SET expires_at = now() + interval '1 minute' WHERE id = %s", [grant.pk])
    with refused("user_roles_granter_may_grant"):
        sql("UPDATE user_roles SET expires_at = NULL WHERE id = %s", [grant.pk])


def test_roles_are_ended_and_not_deleted(client: Client) -> None:
    log_in(client, Role.SUPER_ADMIN)
    grant = rows.role()
    page = {"action": "end_now", "_selected_action": [grant.pk]}
    assert client.post(reverse("admin:accounts_userrole_changelist"), page).status_code == 302
    grant.refresh_from_db()
    assert grant.expires_at is not None
    assert client.post(reverse("admin:accounts_userrole_delete", args=[grant.pk])).status_code == 403


def test_the_national_id_goes_in_and_stays_when_it_is_left_empty(client: Client) -> None:
    log_in(client, Role.COMPLIANCE_OFFICER)
    identity = rows.client_identity(national_id="AB123456C")
    url = reverse("admin:accounts_clientidentity_change", args=[identity.pk])
    page = {"user": identity.user_id, "surname": "King", "birth_date": "1985-12-10", "country_code": "GB"}
    assert client.post(url, {**page, "national_id": ""}).status_code == 302
    stored = ClientIdentity.objects.get(pk=identity.pk)
    assert (stored.surname, stored.national_id) == ("King", "AB123456C")
    assert client.post(url, {**page, "national_id": "ZZ999999Z"}).status_code == 302
    assert ClientIdentity.objects.get(pk=identity.pk).national_id == "ZZ999999Z"


def test_an_account_is_made_empty_and_its_money_cannot_be_typed(client: Client) -> None:
    log_in(client, Role.ADMIN)
    owner = rows.user()
    page = {
        "account_number": "A77",
        "user": owner.pk,
        "account_type": "live",
        "kind": "client",
        "currency": rows.currency().pk,
        "oms_type": "netting",
        "leverage": 10,
        "max_leverage": 30,
        "is_active": "on",
        "balance": "1000000",
        "metadata": "{}",
    }
    assert client.post(reverse("admin:accounts_account_add"), page).status_code == 302
    account = Account.objects.get(account_number="A77")
    assert (account.balance, account.leverage) == (0, 10)


def test_a_cash_request_names_who_asked_and_is_not_edited(client: Client) -> None:
    me = log_in(client, Role.ADMIN)
    account = rows.account()
    page = {"account": account.pk, "request_type": "deposit", "amount": "250.5", "currency": "USD"}
    assert client.post(reverse("admin:accounts_cashrequest_add"), page).status_code == 302
    request = CashRequest.objects.get(account=account)
    assert (request.requested_by, request.status) == (me, "pending")
    url = reverse("admin:accounts_cashrequest_change", args=[request.pk])
    assert client.post(url, {"status": "completed"}).status_code == 403


def test_lists_do_not_run_a_query_per_row(client: Client, django_assert_max_num_queries: Any) -> None:
    log_in(client, is_superuser=True)
    for _ in range(20):
        rows.cash_request()
        rows.role()
    for name in ("account", "cashrequest", "userrole", "user"):
        with django_assert_max_num_queries(12):
            client.get(reverse(f"admin:accounts_{name}_changelist"))


def test_search_for_part_of_a_name_uses_its_trigram_index(sql: Any) -> None:
    # Few rows: without these the planner reads them all.
    sql("SET LOCAL enable_seqscan = off")
    sql("SET LOCAL enable_indexscan = off")
    for queryset, index in (
        (User.all_objects.filter(username__icontains="trade"), "users_username_trgm_idx"),
        (User.all_objects.filter(email__icontains="example"), "users_email_trgm_idx"),
        (Account.all_objects.filter(account_number__icontains="000"), "accounts_number_trgm_idx"),
        (ClientIdentity.objects.filter(surname__icontains="byr"), "client_identities_surname_idx"),
    ):
        assert index in queryset.explain()
