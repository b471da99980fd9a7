"""Changes past the log: with the triggers off they leave no row in it, and are named all the same."""

from collections.abc import Callable
from typing import Any

from tests.audit.sealing.conftest import change
from tests.databases import Database

Tamper = Callable[..., list[dict[str, Any]]]


def key_of(database: Database, table: str, condition: str = "true") -> str:
    return str(database.rows(f"SELECT id FROM {table} WHERE {condition} LIMIT 1")[0]["id"])


def named(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(found["problem"], found["table"], found["key"]) for found in report["findings"]}


def test_rows_that_were_changed_past_the_log_are_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    changes = {
        "instruments": "commission_rate = commission_rate + 0.00000001",
        "accounts": "group_name = 'friends'",
        "users": "email = 'somebody@else.example'",
        "risk_limits": """metadata = '{"a": 1}'""",
    }
    keys = {table: key_of(sealed, table) for table in changes}
    for table, assignment in changes.items():
        tamper(table, f"UPDATE {table} SET {assignment} WHERE id = '{keys[table]}'")
    report = run("verify_audit", code=4)
    assert named(report) == {("live", table, key) for table, key in keys.items()}
    assert "is not what it was when its newest change was sealed" in report["findings"][0]["sentence"]


def test_a_row_that_was_removed_past_the_log_is_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    key = key_of(sealed, "lp_instruments")
    tamper("lp_instruments", f"DELETE FROM lp_instruments WHERE id = '{key}'")
    assert named(run("verify_audit", code=4)) == {("live", "lp_instruments", key)}


def test_a_row_that_was_added_past_the_log_is_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    key = "019a0000-0000-7000-8000-000000000001"
    tamper(
        "stress_test_scenarios",
        "INSERT INTO stress_test_scenarios (id, scenario_name, scenario_type, market_shocks)"
        f" SELECT '{key}', 'slipped in', scenario_type, market_shocks FROM stress_test_scenarios LIMIT 1",
    )
    assert named(run("verify_audit", code=4)) == {("live", "stress_test_scenarios", key)}


def test_a_change_past_the_log_between_two_in_it_is_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    """The newest change in the log fits the row again; the old value in it does not fit the change before."""
    key = key_of(sealed, "instruments", "symbol = 'EURUSD'")
    tamper("instruments", f"UPDATE instruments SET display_name = 'for a while' WHERE id = '{key}'")
    change()
    report = run("verify_audit", code=4)
    assert named(report) == {("history", "instruments", key)}
    assert '"for a while" before the next' in report["findings"][0]["sentence"]


def test_a_change_past_the_log_before_a_deletion_is_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    key = key_of(sealed, "risk_limits")
    change_it = f"UPDATE risk_limits SET limit_value = limit_value * 2 WHERE id = '{key}'"
    sealed.rows(change_it, owner=False)
    tamper("risk_limits", change_it)
    sealed.rows(f"DELETE FROM risk_limits WHERE id = '{key}'", owner=False)
    report = run("verify_audit", code=4)
    assert named(report) == {("history", "risk_limits", key)}
    assert "limit_value was" in report["findings"][0]["sentence"]


def test_a_row_with_more_changes_than_are_read_at_once_is_followed_through(
    sealed: Database, tamper: Tamper, run: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("audit.sealing.history.EVENTS_AT_ONCE", 2)
    key = key_of(sealed, "instruments", "symbol = 'EURUSD'")
    for number in range(5):
        change()
        assert run("verify_audit")["total"] == 0, number
    tamper("instruments", f"UPDATE instruments SET display_name = 'for a while' WHERE id = '{key}'")
    change()
    assert named(run("verify_audit", code=4)) == {("history", "instruments", key)}


def test_time_zones_make_no_difference_to_the_history(sealed: Database, run: Any) -> None:
    """A time is written as the session's zone has it; the same time in another zone is no change."""
    with sealed.connect() as session:
        for zone, time in (
            ("Asia/Tokyo", "2030-01-01 09:00"),
            ("UTC", "2030-02-01"),
            ("America/New_York", "2030-03-01"),
        ):
            session.execute(f"SET TimeZone = '{zone}'")
            session.execute(f"UPDATE users SET last_login_at = '{time}'")
    run("seal_audit")
    assert run("verify_audit")["total"] == 0


def test_a_deleted_and_a_new_row_are_sound(sealed: Database, run: Any) -> None:
    sealed.rows("DELETE FROM lp_instruments WHERE id = (SELECT id FROM lp_instruments LIMIT 1)", owner=False)
    sealed.rows("UPDATE risk_limits SET limit_value = limit_value * 2, warning_threshold = NULL", owner=False)
    run("seal_audit")
    report = run("verify_audit")
    assert (report["total"], report["live_rows"] > 100) == (0, True)


def test_functions_and_triggers_that_were_altered_are_named(sealed: Database, run: Any) -> None:
    statements = {
        "function refuse_change()": "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NEW; END'",
        "trigger journals_append_only of journals": "ALTER TABLE journals DISABLE TRIGGER journals_append_only",
        "trigger accounts_audit_update of accounts": "ALTER TABLE accounts ENABLE TRIGGER accounts_audit_update",
        "trigger orders_audit_delete of orders": "DROP TRIGGER orders_audit_delete ON orders",
    }
    for statement in statements.values():
        sealed.rows(statement)
    found = run("verify_audit", code=4)["findings"]
    assert {each["key"] for each in found if each["problem"] == "code"} == statements.keys()
    assert len(found) == len(statements)


def test_a_trigger_of_one_partition_that_was_switched_off_is_named(sealed: Database, run: Any) -> None:
    (leaf,) = sealed.rows("SELECT tableoid::regclass::text AS name FROM audit_log LIMIT 1")
    sealed.rows(f"ALTER TABLE {leaf['name']} DISABLE TRIGGER audit_log_append_only")
    report = run("verify_audit", code=4)
    assert [found["key"] for found in report["findings"]] == [f"trigger audit_log_append_only of {leaf['name']}"]


def test_an_altered_audit_function_writes_nothing_and_its_row_is_named(sealed: Database, run: Any) -> None:
    """Put back afterwards, the function looks as it was; what was written in between does not."""
    (before,) = sealed.rows("SELECT pg_get_functiondef('instruments_audit_update()'::regprocedure) AS text")
    key = key_of(sealed, "instruments")
    with sealed.connect(owner=True) as owner:
        owner.execute(
            "CREATE OR REPLACE FUNCTION instruments_audit_update() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
            " AS 'BEGIN RETURN NULL; END'"
        )
        owner.execute(f"UPDATE instruments SET commission_rate = commission_rate + 0.00000001 WHERE id = '{key}'")
        owner.execute(before["text"])
    assert named(run("verify_audit", code=4)) == {("live", "instruments", key)}


def test_what_a_migration_makes_is_sealed_by_it(sealed: Database, run: Any) -> None:
    sealed.rows("CREATE FUNCTION harmless() RETURNS int LANGUAGE sql RETURN 1")
    assert run("verify_audit", code=4)["findings"][0]["key"] == "function harmless()"
    result = sealed.manage("migrate", "-v0")
    assert result.returncode == 0, result.stderr
    assert run("verify_audit")["total"] == 0


def test_a_change_whose_client_pretends_that_its_context_is_written_down_is_named(sealed: Database, run: Any) -> None:
    key = key_of(sealed, "risk_limits")
    with sealed.connect() as client, client.transaction():
        client.execute("SELECT set_config('audit.known', pg_current_xact_id() || ' t ', true)")
        client.execute("SELECT set_config('audit.context', '', true), set_config('audit.number', '1', true)")
        client.execute("UPDATE risk_limits SET limit_value = limit_value * 2 WHERE id = %s", [key])
    report = run("verify_audit", code=4)
    assert named(report) == {("context", "risk_limits", key)}
    assert "nobody is said to have made its change" in report["findings"][0]["sentence"]
