"""Bad writes by plain SQL: each is refused by the constraint that it names, a good neighbour is accepted."""

import uuid
from typing import Any

import psycopg
import pytest

from accounts.models import Account, User
from tests.rows import accounts as rows

NOBODY = uuid.UUID(int=0)
DIGEST = "0123456789abcdef" * 4
LEI = "5493001KJTIIGC8Y1R12"


class World:
    """Two users, an account of the first, a house, a journal: what bad rows refer to."""

    def __init__(self) -> None:
        self.user = rows.user(username="ada", email="ada@example.org")
        self.other = rows.user()
        self.account = rows.account(user=self.user, currency="USD", account_number="A1", account_type="live")
        rows.currency("EUR")
        self.house = rows.house()
        self.journal = rows.journal(idempotency_key="j1")

    def good(self, table: str) -> dict[str, Any]:
        """The columns of a row that the table accepts."""
        user, account = self.user.pk, self.account.pk
        return {
            "users": {"email": "bob@example.org", "username": "bob", "password_hash": "!"},
            "user_roles": {"user_id": user, "role": "trader", "granted_at": "2024-01-01"},
            "user_sessions": {
                "user_id": user,
                "session_id": "s1",
                "started_at": "2024-01-01",
                "last_seen_at": "2024-01-01",
            },
            "api_keys": {
                "user_id": user,
                "name": "robot",
                "prefix": "abcd",
                "key_hash": DIGEST,
                "created_at": "2024-01-01",
            },
            "client_identities": {
                "user_id": user,
                "national_id": "sealed",
                "surname": "Byron",
                "birth_date": "1985-12-10",
                "country_code": "GB",
            },
            "client_classifications": {
                "user_id": user,
                "regime": "ESMA",
                "class": "retail",
                "valid_from": "2024-01-01",
            },
            "currencies": {"code": "CHF", "name": "Swiss franc"},
            "accounts": {"user_id": user, "account_number": "A2", "currency": "USD"},
            "journals": {"kind": "deposit", "idempotency_key": "j2"},
            "account_transactions": {
                "account_id": account,
                "currency": "USD",
                "seq": 1,
                "transaction_type": "deposit",
                "amount": 100,
                "balance_before": 0,
                "balance_after": 100,
            },
            "cash_requests": {
                "account_id": account,
                "request_type": "deposit",
                "amount": 100,
                "currency": "USD",
                "requested_by_id": user,
            },
        }[table]

    def next_entry(self) -> dict[str, Any]:
        """What makes the good entry the next one of the account."""
        balance = self.account.balance
        return {"seq": self.account.last_seq + 1, "balance_before": balance, "balance_after": balance + 100}


@pytest.fixture
def world(db: None) -> World:
    return World()


def insert(sql: Any, table: str, *many: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the same columns, by one statement."""
    names, marks = ", ".join(many[0]), ", ".join(["%s"] * len(many[0]))
    values = ", ".join([f"({marks})"] * len(many))
    parameters = [value for columns in many for value in columns.values()]
    return sql(f"INSERT INTO {table} ({names}) VALUES {values} RETURNING *", parameters)


def write(sql: Any, world: World, table: str, columns: dict[str, Any]) -> list[dict[str, Any]]:
    """One row, with what must come with it: a journal its entries, an entry its journal and the house's side."""
    if table == "journals":
        made = insert(sql, table, columns)
        world.account.refresh_from_db()
        pay(sql, world, {**world.good("account_transactions"), **world.next_entry(), "journal_id": made[0]["id"]})
        return made
    if table == "account_transactions":
        if "journal_id" not in columns:
            [journal] = insert(sql, "journals", {"kind": "deposit", "idempotency_key": uuid.uuid4()})
            columns = {"journal_id": journal["id"], **columns}
        return pay(sql, world, columns)[:1]
    return insert(sql, table, columns)


def pay(sql: Any, world: World, entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The entry and its other side."""
    [house] = sql("SELECT balance, last_seq FROM accounts WHERE id = %s", [world.house.pk])
    other = {
        **entry,
        "account_id": world.house.pk,
        "currency": "USD",
        "seq": house["last_seq"] + 1,
        "amount": -entry["amount"] or 1,
        "balance_before": house["balance"],
        "balance_after": house["balance"] - entry["amount"] or 1,
    }
    return insert(sql, "account_transactions", entry, other)


TABLES = [
    "users",
    "user_roles",
    "user_sessions",
    "api_keys",
    "client_identities",
    "client_classifications",
    "currencies",
    "accounts",
    "journals",
    "account_transactions",
    "cash_requests",
]

#: (constraint, table, what is changed in a good row)
BAD_ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("users_email_uniq", "users", {"email": "ADA@example.org"}),
    ("users_username_uniq", "users", {"username": "Ada"}),
    ("users_email_format_check", "users", {"email": "bob"}),
    ("users_email_format_check", "users", {"email": ""}),
    ("users_username_format_check", "users", {"username": "ada@example.org"}),
    ("users_username_format_check", "users", {"username": ""}),
    ("users_country_code_check", "users", {"country_code": "gb"}),
    ("users_kyc_status_check", "users", {"kyc_status": "verified"}),
    ("users_kyc_level_range_check", "users", {"kyc_level": 4}),
    ("users_kyc_level_range_check", "users", {"kyc_level": -1}),
    ("users_failed_login_attempts_not_negative_check", "users", {"failed_login_attempts": -1}),
    ("users_two_factor_secret_check", "users", {"two_factor_enabled": True}),
    ("user_roles_role_check", "user_roles", {"role": "king"}),
    ("user_roles_expires_after_grant_check", "user_roles", {"expires_at": "2024-01-01"}),
    ("user_roles_expires_after_grant_check", "user_roles", {"expires_at": "2023-12-31"}),
    ("user_roles_user_id_fk", "user_roles", {"user_id": NOBODY}),
    ("user_roles_granted_by_id_fk", "user_roles", {"granted_by_id": NOBODY}),
    ("user_sessions_session_id_check", "user_sessions", {"session_id": ""}),
    ("user_sessions_seen_after_start_check", "user_sessions", {"last_seen_at": "2023-12-31"}),
    ("user_sessions_ended_after_start_check", "user_sessions", {"ended_at": "2023-12-31"}),
    ("user_sessions_user_id_fk", "user_sessions", {"user_id": NOBODY}),
    ("api_keys_key_hash_format_check", "api_keys", {"key_hash": "the key itself"}),
    ("api_keys_prefix_check", "api_keys", {"prefix": ""}),
    ("api_keys_expires_after_creation_check", "api_keys", {"expires_at": "2024-01-01"}),
    ("api_keys_revoked_after_creation_check", "api_keys", {"revoked_at": "2023-12-31"}),
    ("api_keys_user_id_fk", "api_keys", {"user_id": NOBODY}),
    (
        "client_identities_lei_format_check",
        "client_identities",
        {"lei": "short", "national_id": "", "birth_date": None},
    ),
    ("client_identities_one_identifier_check", "client_identities", {"national_id": ""}),
    ("client_identities_one_identifier_check", "client_identities", {"lei": LEI, "birth_date": None}),
    ("client_identities_birth_date_of_person_check", "client_identities", {"birth_date": None}),
    ("client_identities_birth_date_of_person_check", "client_identities", {"lei": LEI, "national_id": ""}),
    ("client_identities_name_check", "client_identities", {"surname": ""}),
    ("client_identities_country_code_check", "client_identities", {"country_code": "G"}),
    ("client_identities_user_id_fk", "client_identities", {"user_id": NOBODY}),
    ("client_classifications_regime_check", "client_classifications", {"regime": "esma"}),
    ("client_classifications_client_class_check", "client_classifications", {"class": "whale"}),
    ("client_classifications_period_check", "client_classifications", {"valid_until": "2024-01-01"}),
    ("client_classifications_user_id_fk", "client_classifications", {"user_id": NOBODY}),
    ("currencies_pkey", "currencies", {"code": "USD"}),
    ("currencies_code_format_check", "currencies", {"code": "chf"}),
    ("currencies_code_format_check", "currencies", {"code": "CH"}),
    ("currencies_name_check", "currencies", {"name": ""}),
    ("currencies_exponent_range_check", "currencies", {"exponent": 9}),
    ("currencies_exponent_range_check", "currencies", {"exponent": -1}),
    ("currencies_kind_check", "currencies", {"kind": "shells"}),
    ("accounts_account_number_uniq", "accounts", {"account_number": "A1"}),
    ("accounts_account_number_check", "accounts", {"account_number": ""}),
    ("accounts_account_type_check", "accounts", {"account_type": "gold"}),
    ("accounts_kind_check", "accounts", {"kind": "friend"}),
    ("accounts_oms_type_check", "accounts", {"oms_type": "both"}),
    ("accounts_margin_used_not_negative_check", "accounts", {"margin_used": "-0.00000001"}),
    ("accounts_credit_not_negative_check", "accounts", {"credit": -1}),
    ("accounts_leverage_positive_check", "accounts", {"leverage": 0}),
    ("accounts_leverage_within_maximum_check", "accounts", {"leverage": 31, "max_leverage": 30}),
    ("accounts_locked_reason_check", "accounts", {"is_locked": True}),
    ("accounts_locked_reason_check", "accounts", {"locked_reason": "chargeback"}),
    ("accounts_last_seq_not_negative_check", "accounts", {"last_seq": -1}),
    ("accounts_balance_from_ledger_check", "accounts", {"balance": 100}),
    ("accounts_user_id_fk", "accounts", {"user_id": NOBODY}),
    ("accounts_currency_fk", "accounts", {"currency": "XXX"}),
    ("journals_idempotency_key_uniq", "journals", {"idempotency_key": "j1"}),
    ("journals_idempotency_key_check", "journals", {"idempotency_key": ""}),
    ("accounts_head_fk", "accounts", {"last_seq": 1, "balance": 100}),
    ("journals_kind_check", "journals", {"kind": "gift"}),
    ("journals_reversal_check", "journals", {"kind": "reversal"}),
    ("journals_created_by_id_fk", "journals", {"created_by_id": NOBODY}),
    ("journals_reversal_of_id_fk", "journals", {"kind": "reversal", "reversal_of_id": NOBODY}),
    ("account_transactions_seq_positive_check", "account_transactions", {"seq": 0}),
    ("account_transactions_transaction_type_check", "account_transactions", {"transaction_type": "gift"}),
    ("account_transactions_amount_not_zero_check", "account_transactions", {"amount": 0, "balance_after": 0}),
    ("account_transactions_balance_after_check", "account_transactions", {"balance_after": "100.00000001"}),
    (
        "account_transactions_first_from_zero_check",
        "account_transactions",
        {"balance_before": 1, "balance_after": 101},
    ),
    ("account_transactions_reference_check", "account_transactions", {"reference_type": "cash_requests"}),
    ("account_transactions_reference_check", "account_transactions", {"reference_id": NOBODY}),
    ("account_transactions_journal_id_fk", "account_transactions", {"journal_id": NOBODY}),
    ("account_transactions_account_currency_fk", "account_transactions", {"currency": "EUR"}),
    ("account_transactions_account_currency_fk", "account_transactions", {"account_id": NOBODY}),
    ("cash_requests_request_type_check", "cash_requests", {"request_type": "gift"}),
    ("cash_requests_status_check", "cash_requests", {"status": "maybe"}),
    ("cash_requests_amount_check", "cash_requests", {"amount": -1}),
    ("cash_requests_amount_check", "cash_requests", {"amount": 0, "request_type": "adjustment"}),
    ("cash_requests_born_pending", "cash_requests", {"status": "completed"}),
    ("cash_requests_born_pending", "cash_requests", {"status": "processing"}),
    ("cash_requests_born_pending", "cash_requests", {"approved_by_id": NOBODY, "approved_at": "2024-01-01"}),
    ("cash_requests_born_pending", "cash_requests", {"journal_id": NOBODY}),
    ("cash_requests_failure_reason_check", "cash_requests", {"failure_reason": "no funds"}),
    ("cash_requests_account_currency_fk", "cash_requests", {"account_id": NOBODY}),
    ("cash_requests_account_currency_fk", "cash_requests", {"currency": "EUR"}),
    ("cash_requests_account_currency_fk", "cash_requests", {"currency": "XXX"}),
    ("cash_requests_requested_by_id_fk", "cash_requests", {"requested_by_id": NOBODY}),
]

#: (constraint, table, first row's changes, second row's changes): the second row is refused beside the first.
BAD_PAIRS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("user_roles_period_excl", "user_roles", {}, {"granted_at": "2024-06-01"}),
    (
        "user_roles_period_excl",
        "user_roles",
        {"expires_at": "2024-02-01"},
        {"granted_at": "2024-01-31 23:59:59.999999"},
    ),
    ("user_sessions_session_id_uniq", "user_sessions", {}, {}),
    ("api_keys_key_hash_uniq", "api_keys", {}, {"name": "another"}),
    ("client_identities_user_uniq", "client_identities", {}, {"surname": "King"}),
    (
        "client_classifications_period_excl",
        "client_classifications",
        {},
        {"valid_from": "2025-01-01", "class": "professional"},
    ),
    ("account_transactions_account_seq_uniq", "account_transactions", {}, {}),
    (
        "cash_requests_external_reference_uniq",
        "cash_requests",
        {"payment_method": "card", "external_reference": "p1"},
        {"payment_method": "card", "external_reference": "p1"},
    ),
]

GOOD_PAIRS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("user_roles", {"expires_at": "2024-02-01"}, {"granted_at": "2024-02-01"}),
    ("user_roles", {}, {"role": "user"}),
    (
        "client_classifications",
        {"valid_until": "2025-01-01"},
        {"valid_from": "2025-01-01", "class": "professional"},
    ),
    ("client_classifications", {}, {"regime": "FCA"}),
    ("cash_requests", {}, {}),
    ("account_transactions", {}, {"seq": 2, "balance_before": 100, "amount": -30, "balance_after": 70}),
]

#: Tried one by one below, because a row alone does not show them.
BY_HAND = [
    "user_roles_granted_by_another_check",
    "journals_reversal_of_uniq",
    "journals_reverses_another_check",
    "account_audit_account_id_fk",
    # Supersets of the primary key: foreign keys point at them, no row can break them alone.
    "accounts_id_currency_uniq",
    "accounts_id_user_uniq",
    "accounts_id_oms_type_uniq",
    "account_transactions_account_head_uniq",
]

TRIED = sorted({*(row[0] for row in BAD_ROWS), *(pair[0] for pair in BAD_PAIRS), *BY_HAND})


@pytest.mark.parametrize("table", TABLES)
def test_a_good_row_is_accepted(sql: Any, world: World, table: str) -> None:
    assert len(write(sql, world, table, world.good(table))) == 1


@pytest.mark.parametrize(
    ("constraint", "table", "changes"), BAD_ROWS, ids=[f"{name}-{change}" for name, _, change in BAD_ROWS]
)
def test_a_bad_row_is_refused(
    sql: Any, refused: Any, world: World, constraint: str, table: str, changes: dict[str, Any]
) -> None:
    with refused(constraint):
        write(sql, world, table, {**world.good(table), **changes})


@pytest.mark.parametrize(("constraint", "table", "first", "second"), BAD_PAIRS, ids=[pair[0] for pair in BAD_PAIRS])
def test_a_second_row_is_refused(
    sql: Any,
    refused: Any,
    world: World,
    constraint: str,
    table: str,
    first: dict[str, Any],
    second: dict[str, Any],
) -> None:
    write(sql, world, table, {**world.good(table), **first})
    with refused(constraint):
        write(sql, world, table, {**world.good(table), **second})


@pytest.mark.parametrize(
    ("table", "first", "second"), GOOD_PAIRS, ids=[f"{table}-{row}" for table, _, row in GOOD_PAIRS]
)
def test_a_second_row_is_accepted(
    sql: Any, world: World, table: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    write(sql, world, table, {**world.good(table), **first})
    write(sql, world, table, {**world.good(table), **second})
    assert sql(f"SELECT count(*) AS rows FROM {table} WHERE created_at = now()")[0]["rows"] >= 2


def test_nobody_grants_a_role_to_himself(sql: Any, refused: Any, world: World) -> None:
    with refused("user_roles_granted_by_another_check"):
        insert(sql, "user_roles", {**world.good("user_roles"), "granted_by_id": world.user.pk})
    insert(sql, "user_roles", {**world.good("user_roles"), "granted_by_id": world.other.pk})


def test_a_journal_is_reversed_once(sql: Any, refused: Any, world: World) -> None:
    sql("SELECT reverse_journal(%s, 'undo')", [world.journal.pk])
    with refused("journals_reversal_of_uniq"):
        sql("SELECT reverse_journal(%s, 'undo again')", [world.journal.pk])


def test_only_a_reversal_names_another_journal(sql: Any, refused: Any, world: World) -> None:
    with refused("journals_reversal_check"):
        insert(sql, "journals", {**world.good("journals"), "reversal_of_id": world.journal.pk})


def test_a_journal_does_not_reverse_itself(sql: Any, refused: Any, world: World) -> None:
    with refused("journals_reverses_another_check"):
        insert(
            sql,
            "journals",
            {"id": NOBODY, "kind": "reversal", "reversal_of_id": NOBODY, "idempotency_key": "loop"},
        )


def test_an_adjustment_may_be_negative(sql: Any, world: World) -> None:
    insert(
        sql,
        "cash_requests",
        {**world.good("cash_requests"), "request_type": "adjustment", "amount": "-0.00000001"},
    )


def test_a_legal_entity_has_a_lei_instead_of_a_birth_date(sql: Any, world: World) -> None:
    entity = {
        "lei": LEI,
        "national_id": "",
        "birth_date": None,
        "surname": "",
        "legal_name": "Analytical Engines Ltd",
    }
    insert(sql, "client_identities", {**world.good("client_identities"), **entity})


def test_an_account_with_entries_keeps_its_currency(sql: Any, refused: Any, world: World) -> None:
    write(sql, world, "account_transactions", world.good("account_transactions"))
    with refused("accounts_identity_immutable"):
        sql("UPDATE accounts SET currency = 'EUR' WHERE id = %s", [world.account.pk])


def test_a_user_cannot_be_renumbered(sql: Any, refused: Any, world: World) -> None:
    with refused("users_audited_key"):
        sql("UPDATE users SET id = %s WHERE id = %s", [NOBODY, world.user.pk])


def test_books_and_history_are_append_only(live_database: Any) -> None:
    """The application has no right to change them, and the trigger stops the owner, who has every right."""
    World()
    for table in ("journals", "account_transactions", "account_audit"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(psycopg.Error, match=f"permission denied for table {table}"):
                live_database.rows(statement, owner=False)
            with pytest.raises(psycopg.Error, match="is append-only"):
                live_database.rows(statement)


def test_delete_of_a_user_or_account_only_marks_it(sql: Any, world: World) -> None:
    for table, row in (("accounts", world.account), ("users", world.user)):
        sql(f"DELETE FROM {table} WHERE id = %s", [row.pk])
        assert sql(f"SELECT deleted_at = now() AS marked FROM {table} WHERE id = %s", [row.pk]) == [{"marked": True}]
    assert not User.objects.filter(pk=world.user.pk).exists()
    assert User.all_objects.filter(pk=world.user.pk).exists()
    assert not Account.objects.filter(pk=world.account.pk).exists()


def test_a_deleted_user_frees_his_name_and_a_deleted_account_keeps_its_number(
    sql: Any, refused: Any, world: World
) -> None:
    sql("DELETE FROM users WHERE id = %s", [world.user.pk])
    insert(sql, "users", {**world.good("users"), "email": "ada@example.org", "username": "ada"})
    sql("DELETE FROM accounts WHERE id = %s", [world.account.pk])
    with refused("accounts_account_number_uniq"):
        insert(sql, "accounts", {**world.good("accounts"), "account_number": "A1"})


def test_defaults_are_made_by_the_database(sql: Any, world: World) -> None:
    [user] = insert(sql, "users", {"email": "eve@example.org", "username": "eve", "password_hash": "!"})
    assert user["id"].version == 7
    assert (user["kyc_status"], user["kyc_level"]) == ("pending", 0)
    assert (user["is_active"], user["is_staff"], user["is_superuser"]) == (True, False, False)
    assert user["metadata"] == "{}"  # jsonb comes as text through Django's cursor
    assert user["created_at"] == user["updated_at"]
    [account] = insert(sql, "accounts", {"user_id": user["id"], "account_number": "A9", "currency": "USD"})
    assert (account["account_type"], account["kind"], account["oms_type"]) == ("demo", "client", "netting")
    assert (account["balance"], account["equity"], account["margin_level"], account["last_seq"]) == (
        0,
        0,
        None,
        0,
    )
    assert (account["leverage"], account["max_leverage"], account["is_active"], account["is_locked"]) == (
        1,
        30,
        True,
        False,
    )
    [grant] = insert(sql, "user_roles", {"user_id": user["id"], "role": "trader"})
    assert (grant["granted_at"], grant["expires_at"]) == (grant["created_at"], None)
    [key] = insert(sql, "api_keys", {"user_id": user["id"], "name": "k", "prefix": "k", "key_hash": DIGEST})
    assert (key["scopes"], key["allowed_ips"], key["revoked_at"]) == ([], [], None)


def test_updated_at_follows_every_change(sql: Any, world: World) -> None:
    past = "2020-01-01"
    [row] = insert(sql, "currencies", {"code": "JPY", "name": "Yen", "exponent": 0, "updated_at": past})
    assert row["updated_at"].year == 2020
    [row] = sql("UPDATE currencies SET name = 'Japanese yen' WHERE code = 'JPY' RETURNING updated_at, now() AS now")
    assert row["updated_at"] == row["now"]
