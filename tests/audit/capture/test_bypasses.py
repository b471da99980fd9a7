"""What the application's role may try, in order to change an audited table without a trace: all of it is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from audit.capture.triggers import audited_models
from tests.rows import accounts, risk

Sql = Callable[..., list[dict[str, Any]]]

TABLES = sorted(audited_models())


def newest(sql: Sql) -> dict[str, Any]:
    return sql("SELECT action, changes::text AS changes FROM audit_log ORDER BY id DESC LIMIT 1")[0]


def test_the_switch_of_pgtrigger_switches_nothing(sql: Sql) -> None:
    cap = risk.leverage_cap()
    sql("SET LOCAL pgtrigger.ignore = '{leverage_caps_audit_update}'")
    sql("UPDATE leverage_caps SET max_leverage = 7 WHERE id = %s", [cap.pk])
    assert newest(sql)["changes"] == '{"max_leverage":[30.00000000,7.00000000]}'


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SET session_replication_role = replica", "permission denied to set parameter"),
        ("ALTER TABLE users DISABLE TRIGGER users_audit_update", "must be owner of table users"),
        ("ALTER TABLE users DISABLE TRIGGER ALL", "must be owner of table users"),
        ("DROP TRIGGER users_audit_update ON users", "must be owner of relation users"),
        ("DROP FUNCTION users_audit_update() CASCADE", "must be owner of function users_audit_update"),
        ("CREATE OR REPLACE FUNCTION users_audit_update() RETURNS trigger LANGUAGE sql AS ''", "permission denied"),
        ("ALTER FUNCTION users_audit_update() SET search_path = pg_temp", "must be owner of function"),
        ("SELECT users_audit_update()", "permission denied for function users_audit_update"),
        ("SELECT audit_context('users', false)", "permission denied for function audit_context"),
        ("SELECT secure_audit_function('users_audit_update')", "permission denied for function"),
        ("INSERT INTO audit_log DEFAULT VALUES", "permission denied for table audit_log"),
        ("INSERT INTO audit_contexts DEFAULT VALUES", "permission denied for table audit_contexts"),
        ("INSERT INTO audit_layouts DEFAULT VALUES", "permission denied for table audit_layouts"),
        ("INSERT INTO audit_log_catch_all DEFAULT VALUES", "permission denied for table audit_log_catch_all"),
        ("UPDATE audit_log SET changes = '{}'", "permission denied for table audit_log"),
        ("DELETE FROM audit_contexts", "permission denied for table audit_contexts"),
        ("SET ROLE trading_audit_owner", 'permission denied to set role "trading_audit_owner"'),
        ("SET ROLE trading_owner", 'permission denied to set role "trading_owner"'),
        (
            "CREATE TEMP TABLE users AS SELECT * FROM users WITH NO DATA;"
            " CREATE TRIGGER forged AFTER INSERT ON pg_temp.users REFERENCING NEW TABLE AS new_rows"
            " FOR EACH STATEMENT EXECUTE FUNCTION users_audit_insert()",
            "permission denied for function users_audit_insert",
        ),
    ],
)
def test_a_bypass_is_refused(sql: Sql, refused: Any, statement: str, reason: str) -> None:
    with refused(reason):
        sql(statement)


@pytest.mark.parametrize("table", TABLES)
def test_truncate_is_refused(owner_sql: Sql, refused: Any, table: str, db: None) -> None:
    """The owner of the table included; the application has no right to it in the first place."""
    with refused(f"{table}_audited_truncate"):
        owner_sql(f"TRUNCATE {table} CASCADE")


def test_a_key_is_never_changed(sql: Sql, refused: Any) -> None:
    scenario = risk.stress_test_scenario()
    with refused("stress_test_scenarios_audited_key"):
        sql("UPDATE stress_test_scenarios SET id = uuidv7() WHERE id = %s", [scenario.pk])


def test_a_temporary_table_does_not_stand_in_for_the_log(sql: Sql) -> None:
    sql("CREATE TEMP TABLE audit_log (LIKE public.audit_log INCLUDING ALL)")
    sql("SET LOCAL search_path = pg_temp, public")
    sql("UPDATE users SET first_name = 'Eve' WHERE id = %s", [accounts.user().pk])
    assert sql("SELECT count(*) AS n FROM pg_temp.audit_log") == [{"n": 0}]
    sql("DROP TABLE pg_temp.audit_log")
    assert newest(sql)["changes"] == '{"first_name":["", "Eve"]}'


def test_times_are_logged_in_a_zone_that_they_can_be_read_back_in(sql: Sql) -> None:
    user = accounts.user()
    sql("SET LOCAL TimeZone = 'FOO-20'")
    sql("UPDATE users SET locked_until = '2026-01-01 20:00' WHERE id = %s", [user.pk])
    assert newest(sql)["changes"] == '{"locked_until":[null, "2026-01-01T00:00:00+00:00"]}'
    scenario = risk.stress_test_scenario()
    sql("DELETE FROM stress_test_scenarios WHERE id = %s", [scenario.pk])
    assert newest(sql)["changes"].count("+00:00") == 1


@pytest.mark.parametrize("operation", ["insert", "update", "delete", "truncate"])
def test_every_audited_table_has_its_triggers_always_on(owner_sql: Sql, operation: str) -> None:
    found = owner_sql(
        "SELECT tgrelid::regclass::text AS table, tgenabled AS enabled, prosecdef AS definer,"
        "       proowner::regrole::text AS owner, proconfig AS settings"
        "  FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
        " WHERE tgname = tgrelid::regclass::text || '_audit_' || %s ORDER BY 1",
        [operation],
    )
    assert [row["table"] for row in found] == TABLES
    assert {row["enabled"] for row in found} == {"A"}
    if operation != "truncate":
        assert {(row["definer"], row["owner"]) for row in found} == {(True, "trading_audit_owner")}
        assert all("search_path=public, pg_temp" in row["settings"] for row in found)


def test_a_secret_is_never_in_the_log_but_its_change_is(sql: Sql) -> None:
    user = accounts.user(password="correct horse battery", two_factor_secret="JBSWY3DPEHPK3PXP")
    user.set_password("another one of them")
    user.two_factor_secret = "KRSXG5CTMVRXEZLU"
    user.save()
    key, identity = accounts.api_key(user=user), accounts.client_identity(user=user, national_id="AB123456C")
    identity.national_id = "CD654321E"
    identity.save()
    hashes = [row["password_hash"] for row in sql("SELECT password_hash FROM users")]
    sql("DELETE FROM client_identities")
    sql("DELETE FROM api_keys")
    text = "\n".join(row["changes"] for row in sql("SELECT changes::text FROM audit_log"))
    assert '"password_hash":["***", "***"]' in text
    assert '"national_id":["***", "***"]' in text
    for secret in (*hashes, "JBSWY3DPEHPK3PXP", "KRSXG5CTMVRXEZLU", key.key_hash, "AB123456C", "CD654321E", "gAAAA"):
        assert secret not in text
