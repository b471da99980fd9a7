"""Log-in by username or e-mail, locks after wrong passwords, imported hashes, rights by role."""

import threading
from datetime import timedelta
from typing import Any

import bcrypt
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.hashers import identify_hasher
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.choices import Role
from accounts.models import User
from accounts.permissions import permissions_of
from accounts.services import MAXIMUM_FAILED_LOGINS, record_failed_login, revoke_role
from audit.models import UserActivityLog
from config.database.partitions import refresh_statistics
from tests.rows import accounts as rows

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada(db: None) -> User:
    return rows.user(username="ada", email="ada@example.org", password=PASSWORD)


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org", "Ada@Example.ORG"])
def test_username_and_email_log_in_in_any_case(ada: User, login: str) -> None:
    assert authenticate(username=login, password=PASSWORD) == ada


@pytest.mark.parametrize("login", ["", "bob", "bob@example.org", "ada ", "ada\0", "' OR 1=1 --", "%"])
def test_an_unknown_name_does_not_log_in(ada: User, login: str) -> None:
    assert authenticate(username=login, password=PASSWORD) is None


def test_log_in_uses_the_unique_indexes(ada: User, sql: Any) -> None:
    # With enough users for the planner to care.
    sql(
        "INSERT INTO users (username, email, password_hash)"
        " SELECT 'user' || n, 'user' || n || '@example.org', '!' FROM generate_series(1, 2000) n"
    )
    refresh_statistics("users")
    for name, index in (("ada", "users_username_uniq"), ("ada@example.org", "users_email_uniq")):
        key = "email" if "@" in name else "username"
        plan = sql(f"EXPLAIN SELECT * FROM users WHERE deleted_at IS NULL AND lower({key}) = lower(%s)", [name])
        assert index in str(plan)


@pytest.mark.parametrize("state", [{"is_active": False}, {"deleted_at": timezone.now()}])
def test_a_disabled_or_deleted_user_does_not_log_in(ada: User, state: dict[str, Any]) -> None:
    User.objects.filter(pk=ada.pk).update(**state)
    assert authenticate(username="ada", password=PASSWORD) is None


def test_five_wrong_passwords_lock_for_fifteen_minutes(ada: User) -> None:
    for attempt in range(1, MAXIMUM_FAILED_LOGINS + 1):
        assert authenticate(username="ada", password="wrong") is None
        ada.refresh_from_db()
        assert ada.failed_login_attempts == attempt
        assert (ada.locked_until is not None) == (attempt == MAXIMUM_FAILED_LOGINS)
    assert ada.locked_until is not None
    assert timedelta(minutes=14) < ada.locked_until - timezone.now() <= timedelta(minutes=15)
    assert authenticate(username="ada", password=PASSWORD) is None


def test_an_asynchronous_log_in_is_counted_too(ada: User) -> None:
    assert async_to_sync(aauthenticate)(username="ada", password="wrong") is None
    ada.refresh_from_db()
    assert ada.failed_login_attempts == 1
    assert async_to_sync(aauthenticate)(username="ADA", password=PASSWORD) == ada


def test_createsuperuser_makes_one(db: None) -> None:
    call_command("createsuperuser", interactive=False, username="root", email="root@example.org", verbosity=0)
    root = User.objects.get(username="root")
    assert (root.is_staff, root.is_superuser, root.has_usable_password()) == (True, True, False)


def test_after_a_lock_has_passed_counting_starts_anew(ada: User) -> None:
    past = timezone.now() - timedelta(seconds=1)
    User.objects.filter(pk=ada.pk).update(failed_login_attempts=5, locked_until=past)
    assert authenticate(username="ada", password="wrong") is None
    ada.refresh_from_db()
    assert (ada.failed_login_attempts, ada.locked_until) == (1, None)


def test_success_resets_the_counter_and_keeps_the_address(ada: User) -> None:
    authenticate(username="ada", password="wrong")
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.7")
    assert authenticate(request, username="ada", password=PASSWORD) == ada
    ada.refresh_from_db()
    assert (ada.failed_login_attempts, ada.last_login_ip) == (0, "192.0.2.7")


def test_wrong_passwords_at_the_same_time_are_all_counted(live_database: Any) -> None:
    user = rows.user(username="ada")
    barrier = threading.Barrier(4)

    def fail() -> None:
        barrier.wait()
        record_failed_login(user=user)
        connections.close_all()

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    user.refresh_from_db()
    assert (user.failed_login_attempts, user.locked_until) == (4, None)


def raw_bcrypt(password: str, kind: str) -> str:
    hashed = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    return hashed.replace("$2b$", f"${kind}$", 1)


@pytest.mark.parametrize("kind", ["2a", "2b", "2y"])
@pytest.mark.parametrize("password", [PASSWORD, "Grüße an €uch", "x" * 72, "ü" * 60])
def test_bcrypt_of_another_system_logs_in_and_becomes_argon2(ada: User, sql: Any, kind: str, password: str) -> None:
    sql("UPDATE users SET password_hash = %s WHERE id = %s", [raw_bcrypt(password, kind), ada.pk])
    assert authenticate(username="ada", password="?" + password[1:]) is None
    assert authenticate(username="ada", password=password) == ada
    [row] = sql("SELECT password_hash FROM users WHERE id = %s", [ada.pk])
    assert row["password_hash"].startswith("argon2$argon2id$")
    assert authenticate(username="ada", password=password) == ada


def test_other_changes_leave_an_imported_hash_usable(ada: User, sql: Any) -> None:
    sql("UPDATE users SET password_hash = %s WHERE id = %s", [raw_bcrypt(PASSWORD, "2a"), ada.pk])
    user = User.objects.get(pk=ada.pk)
    user.first_name = "Ada"
    user.save()
    assert identify_hasher(user.password).algorithm == "bcrypt"
    assert authenticate(username="ada", password=PASSWORD) == ada


@pytest.mark.parametrize("broken", ["", "!", "$2b$", "$2b$12$short", "bcrypt$nonsense", "plain text"])
def test_a_broken_hash_lets_nobody_in(ada: User, sql: Any, broken: str) -> None:
    sql("UPDATE users SET password_hash = %s WHERE id = %s", [broken, ada.pk])
    for password in (PASSWORD, "", broken):
        assert authenticate(username="ada", password=password) is None


def test_rights_are_those_of_the_roles_held_now(ada: User) -> None:
    now = timezone.now()
    rows.role(user=ada, role=Role.RISK_MANAGER)
    rows.role(user=ada, role=Role.ADMIN, granted_at=now - timedelta(days=2), expires_at=now - timedelta(days=1))
    rows.role(user=ada, role=Role.SUPER_ADMIN, granted_at=now + timedelta(days=1))
    assert ada.get_all_permissions() == permissions_of(Role.RISK_MANAGER)
    assert ada.has_perm("risk.change_risklimit")
    assert ada.has_perms(["trading.view_order", "accounts.view_user"])
    assert not ada.has_perm("accounts.change_user")
    assert ada.has_module_perms("risk")
    assert not ada.has_module_perms("auth")


def test_a_revoked_role_gives_nothing_even_in_the_transaction_that_granted_it(ada: User) -> None:
    grant = rows.role(user=ada, role=Role.SUPER_ADMIN)
    revoke_role(grant=grant)
    assert User.objects.get(pk=ada.pk).get_all_permissions() == set()
    grant.refresh_from_db()
    ended = grant.expires_at
    revoke_role(grant=grant)
    grant.refresh_from_db()
    assert grant.expires_at == ended


@pytest.mark.parametrize("role", [Role.USER, Role.TRADER])
def test_clients_may_do_nothing_in_the_back_office(ada: User, role: Role) -> None:
    rows.role(user=ada, role=role)
    assert ada.get_all_permissions() == set()


def test_an_inactive_superuser_may_do_nothing(ada: User) -> None:
    ada.is_superuser = True
    assert ada.has_perm("trading.delete_order")
    ada.is_active = False
    assert not ada.has_perm("trading.delete_order")
    assert not ada.has_module_perms("trading")


def test_only_a_super_admin_grants_roles() -> None:
    may_grant = [role for role in Role if "accounts.add_userrole" in permissions_of(role)]
    assert may_grant == [Role.SUPER_ADMIN]


def test_log_ins_and_log_outs_are_recorded_without_what_was_typed(ada: User, client: Client) -> None:
    ada.is_staff = True
    ada.save()
    address = {"REMOTE_ADDR": "192.0.2.9", "HTTP_USER_AGENT": "browser"}
    client.post("/admin/login/", {"username": "ada", "password": "first guess"}, **address)
    client.post("/admin/login/", {"username": PASSWORD, "password": "oops"}, **address)
    # Nothing says where to go on to: the form was opened by itself.
    entered = client.post("/admin/login/", {"username": "ada", "password": PASSWORD}, **address)
    assert entered.headers["Location"] == "/admin/"
    session_key = client.session.session_key
    client.post("/admin/logout/", **address)
    recorded = list(UserActivityLog.objects.order_by("id"))
    assert [(row.activity_type, row.user_id) for row in recorded] == [
        ("login_failed", ada.pk),
        ("login_failed", None),
        ("login", ada.pk),
        ("logout", ada.pk),
    ]
    assert {(row.ip_address, row.user_agent) for row in recorded} == {("192.0.2.9", "browser")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(user_activity_log::text, '') FROM user_activity_log")
        text = cursor.fetchone()[0]
    for secret in (PASSWORD, "first guess", "oops", session_key):
        assert secret not in text
