"""Values that were changed past the log and then covered by changes through it: older hashes name their rows."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from audit.capture.columns import Column, written
from audit.capture.triggers import AuditTriggerSql, audited_columns
from audit.sealing.chain import sealed_until
from audit.sealing.findings import Findings
from audit.sealing.history import verify_history
from audit.sealing.sealer import reseal_code
from audit.sealing.tables import Layout
from audit.sealing.windows import SealedPast, Window
from config.database.owner import connected_as_owner
from tests.audit.sealing.conftest import change
from tests.databases import Database
from tests.rows import accounts, risk

Tamper = Callable[..., list[dict[str, Any]]]


def named(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(found["problem"], found["table"], found["key"]) for found in report["findings"]}


def newest_seal(database: Database) -> int:
    (row,) = database.rows("SELECT max(id) AS id FROM audit_seals WHERE sealed_table = 'audit_log'")
    return int(row["id"])


@pytest.fixture
def instrument(sealed: Database) -> str:
    """The row that `change` changes: its name, nothing else."""
    return str(sealed.rows("SELECT id FROM instruments WHERE symbol = 'EURUSD'")[0]["id"])


@pytest.fixture
def falsify(tamper: Tamper, instrument: str) -> Callable[[str], None]:
    """Give the instrument's commission another value, past the log."""

    def execute(value: str) -> None:
        tamper("instruments", f"UPDATE instruments SET commission_rate = {value} WHERE id = '{instrument}'")

    return execute


@pytest.fixture
def commission(sealed: Database, instrument: str) -> str:
    return str(sealed.rows(f"SELECT commission_rate FROM instruments WHERE id = '{instrument}'")[0]["commission_rate"])


# Found ----------------------------------------------------------------------------------------


def test_a_value_that_was_covered_is_named_with_the_seals_around_it(
    sealed: Database, instrument: str, falsify: Any, run: Any
) -> None:
    before = newest_seal(sealed)
    falsify("0.5")
    change()
    report = run("verify_audit", code=4)
    assert named(report) == {("history", "instruments", instrument)}
    assert f"past the log between seal {before} and now" in report["findings"][0]["sentence"]
    run("seal_audit")
    covered = newest_seal(sealed)
    change()
    change()
    run("seal_audit")
    report = run("verify_audit", code=4)
    assert named(report) == {("history", "instruments", instrument)}
    assert f"past the log between seal {before} and seal {covered}" in report["findings"][0]["sentence"]


def test_a_value_that_was_put_back_is_named(
    sealed: Database, instrument: str, falsify: Any, commission: str, run: Any
) -> None:
    """The live row is right, and so are all changes; it was false when a change over it was sealed."""
    falsify("0.5")
    change()
    run("seal_audit")
    false = newest_seal(sealed)
    falsify(commission)
    change()
    run("seal_audit")
    report = run("verify_audit", code=4)
    assert named(report) == {("history", "instruments", instrument)}
    assert f"between seal {false} and seal {newest_seal(sealed)}:" in report["findings"][0]["sentence"]


def test_a_value_that_was_false_before_its_row_was_deleted_is_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    (row,) = sealed.rows("SELECT id FROM risk_limits LIMIT 1")
    tamper("risk_limits", f"UPDATE risk_limits SET limit_value = limit_value * 2 WHERE id = '{row['id']}'")
    sealed.rows("DELETE FROM risk_limits WHERE id = %s", [row["id"]], owner=False)
    (deletion,) = sealed.rows("SELECT id FROM audit_log WHERE action = 'DELETE' ORDER BY id DESC LIMIT 1")
    for _ in range(2):
        report = run("verify_audit", code=4)
        assert named(report) == {("history", "risk_limits", str(row["id"]))}
        assert f"and its deletion (audit_log {deletion['id']})" in report["findings"][0]["sentence"]
        run("seal_audit")


def test_a_value_that_was_covered_by_several_changes_of_one_seal_is_named(
    sealed: Database, instrument: str, falsify: Any, run: Any, monkeypatch: Any
) -> None:
    """Also where the row has more hashes and changes than are read at once."""
    monkeypatch.setattr("audit.sealing.history.EVENTS_AT_ONCE", 2)
    for _ in range(3):
        change()
    falsify("0.5")
    for _ in range(3):
        change()
    run("seal_audit")
    assert named(run("verify_audit", code=4)) == {("history", "instruments", instrument)}


def test_all_rows_of_a_table_are_named(sealed: Database, tamper: Tamper, run: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("audit.sealing.versions.VERSIONS_AT_ONCE", 3)
    keys = {str(row["id"]) for row in sealed.rows("SELECT id FROM risk_limits")}
    assert len(keys) > 3
    tamper("risk_limits", """UPDATE risk_limits SET metadata = '{"a": 1}'""")
    sealed.rows("UPDATE risk_limits SET limit_value = limit_value * 2", owner=False)
    assert named(run("verify_audit", code=4)) == {("history", "risk_limits", key) for key in keys}


def test_with_since_only_what_was_done_since_then_is_named(
    sealed: Database, instrument: str, falsify: Any, run: Any
) -> None:
    falsify("0.5")
    change()
    run("seal_audit")
    since = datetime.now(UTC).isoformat()
    change()
    run("seal_audit")
    assert run("verify_audit", "--since", since)["versions"] == 1
    falsify("0.25")
    change()
    report = run("verify_audit", "--since", since, code=4)
    assert named(report) == {("history", "instruments", instrument)}


def test_values_that_an_altered_log_has_do_not_end_the_verification(sealed: Database, tamper: Tamper, run: Any) -> None:
    keys = [row["id"] for row in sealed.rows("SELECT id FROM risk_limits ORDER BY id LIMIT 3")]
    sealed.rows("UPDATE risk_limits SET limit_value = limit_value * 2 WHERE id = ANY (%s)", [keys], owner=False)
    run("seal_audit")
    of_the_newest = (
        "UPDATE audit_log SET changes = '{}' WHERE id = (SELECT max(id) FROM audit_log WHERE record_id = '{}')"
        " RETURNING id"
    )
    changes = ('{"limit_value": ["many", 1]}', '{"limit_value": 1}', "[]")
    altered = [tamper("audit_log", of_the_newest.format(*each))[0]["id"] for each in zip(changes, keys, strict=True)]
    assert named(run("verify_audit", code=4)) == {
        *(("altered", "audit_log", str(each)) for each in altered),
        *(("history", "risk_limits", str(each)) for each in keys),
    }


def test_a_value_that_is_nested_too_deeply_does_not_end_the_verification(sealed: Database, run: Any) -> None:
    """The application may write such a one: to be decoded it needs more calls than Python allows, or to be encoded."""
    keys = [str(row["id"]) for row in sealed.rows("SELECT id FROM risk_limits ORDER BY id LIMIT 2")]
    for key, depth in zip(keys, (2_000, 700), strict=True):
        for value in (f"{'[' * depth}{']' * depth}", "{}"):
            sealed.rows("UPDATE risk_limits SET metadata = %s WHERE id = %s", [value, key], owner=False)
            run("seal_audit")
    report = run("verify_audit", code=4)
    assert named(report) == {("history", "risk_limits", key) for key in keys}
    assert all("nested too deeply" in found["sentence"] for found in report["findings"])


# Sound ----------------------------------------------------------------------------------------

SCENARIO = """
    INSERT INTO stress_test_scenarios (scenario_name, scenario_type, market_shocks, metadata)
    VALUES ('{name}', 'custom', '{{"spread": 1.10}}',
            '{{"of": [1.5, {{"deep": 0.00000001, "big": 1e20}}, null, "ä€😀\\u0007"], "is": true}}')
"""


def test_ordinary_changes_of_all_kinds_are_sound(sealed: Database, run: Any) -> None:
    def everywhere(*statements: str) -> None:
        with sealed.connect() as client:
            for statement in statements:
                client.execute(statement)

    def rolled_back() -> None:
        with sealed.connect(autocommit=False) as client:
            client.execute("UPDATE risk_limits SET limit_value = limit_value + 1")
            client.rollback()
            client.execute("UPDATE risk_limits SET limit_value = limit_value + 2")
            client.execute("SAVEPOINT one")
            client.execute("UPDATE risk_limits SET limit_value = limit_value + 3, warning_threshold = NULL")
            client.execute("ROLLBACK TO SAVEPOINT one")
            client.execute("UPDATE risk_limits SET limit_value = limit_value + 4")
            client.commit()

    turns = [
        (
            SCENARIO.format(name="one"),
            SCENARIO.format(name="two"),
            "UPDATE users SET last_login_at = now(), last_login_ip = '192.0.2.1'",
        ),
        (
            """UPDATE stress_test_scenarios SET metadata = 'null', description = 'a "quoted" \\ text'""",
            "SET TimeZone = 'Asia/Tokyo'",
            "UPDATE users SET last_login_at = '2030-01-01 09:00', last_login_ip = '2001:db8::/32'",
        ),
        (
            """UPDATE stress_test_scenarios SET market_shocks = '{"spread": 1.100}', metadata = '{"a": null}'""",
            "UPDATE stress_test_scenarios SET metadata = 'null', is_active = NOT is_active",
            # In a zone that no time can be read back in.
            "SET TimeZone = 'FOO-20'",
            "UPDATE users SET last_login_at = NULL, last_login_ip = NULL, password_hash = 'other'",
        ),
        (
            "UPDATE stress_test_scenarios SET metadata = '[1.0]', description = ''",
            "DELETE FROM stress_test_scenarios WHERE scenario_name = 'one'",
            "UPDATE users SET last_login_at = '1999-12-31 23:59:59.999999', email = upper(email)",
            "UPDATE api_keys SET scopes = '{}', allowed_ips = '{}'",
            "UPDATE margin_calls SET positions_affected = '{}'",
            "UPDATE client_identities SET birth_date = '0001-01-01'",
        ),
        (
            "INSERT INTO stress_test_scenarios (id, scenario_name, scenario_type, market_shocks)"
            " SELECT id, scenario_name, scenario_type, market_shocks FROM stress_test_scenarios"
            " ON CONFLICT (id) DO UPDATE SET description = 'upserted'",
            "MERGE INTO risk_limits AS t USING risk_limits AS s ON t.id = s.id"
            " WHEN MATCHED THEN UPDATE SET warning_threshold = 0.10",
            "UPDATE accounts SET leverage = leverage",
            "UPDATE instruments SET commission_rate = commission_rate + 0.00000001, metadata = '{\"a\": 0.10}'",
        ),
    ]
    accounts.api_key(scopes=["read", 'a "quoted" \\ one'], allowed_ips=["192.0.2.1", "2001:db8::1"])
    accounts.client_identity()
    risk.margin_call(positions_affected=[uuid4(), uuid4()])
    versions = []
    for turn in turns:
        everywhere(*turn)
        rolled_back()
        versions.append(run("verify_audit")["versions"])
        run("seal_audit")
        versions.append(run("verify_audit")["versions"])
    everywhere("DELETE FROM stress_test_scenarios", "DELETE FROM risk_limits")
    versions.append(run("verify_audit")["versions"])
    assert versions == sorted(versions)
    assert versions[-1] > versions[0] + 50


def test_a_row_that_was_added_again_begins_anew(sealed: Database, tamper: Tamper, run: Any) -> None:
    key = "019a0000-0000-7000-8000-000000000001"
    add = SCENARIO.format(name="again").replace("(scenario_name", "(id, scenario_name").replace("('", f"('{key}', '")
    alter = f"UPDATE stress_test_scenarios SET is_active = NOT is_active WHERE id = '{key}'"
    for statement in (add, alter, f"DELETE FROM stress_test_scenarios WHERE id = '{key}'", add, alter):
        sealed.rows(statement, owner=False)
        run("seal_audit")
    assert run("verify_audit")["total"] == 0
    tamper("stress_test_scenarios", f"UPDATE stress_test_scenarios SET description = 'other' WHERE id = '{key}'")
    sealed.rows(alter, owner=False)
    assert named(run("verify_audit", code=4)) == {("history", "stress_test_scenarios", key)}


def test_a_column_that_was_added_leaves_older_hashes_comparable(
    sealed: Database, instrument: str, falsify: Any, run: Any, monkeypatch: Any
) -> None:
    columns = [*audited_columns()["instruments"], Column("note", "text")]
    sealed.rows("ALTER TABLE instruments ADD COLUMN note text NOT NULL DEFAULT 'none'")
    for operation in ("INSERT", "UPDATE", "DELETE"):
        pgid = f"instruments_audit_{operation.lower()}"
        renewed = AuditTriggerSql(
            pgid=pgid, table="instruments", operation=operation, columns=written(columns), critical="true"
        )
        sealed.rows(renewed.data)
    with connected_as_owner():
        reseal_code()
    everything = {**audited_columns(), "instruments": columns}
    monkeypatch.setattr("audit.sealing.row_hashes.audited_columns", lambda: everything)
    before = run("verify_audit")["versions"]
    change()
    run("seal_audit")
    sealed.rows("UPDATE instruments SET note = 'some', display_name = 'other' WHERE symbol = 'EURUSD'", owner=False)
    run("seal_audit")
    assert run("verify_audit")["versions"] == before + 2
    falsify("0.5")
    change()
    assert named(run("verify_audit", code=4)) == {("history", "instruments", instrument)}


# After months were dropped --------------------------------------------------------------------


def compared(*dropped: tuple[str, str]) -> tuple[list[tuple[str, str]], int]:
    """(table, key) of the rows that do not fit, if these periods were dropped, and how many versions there were."""
    findings = Findings()
    past = SealedPast(dropped=set(dropped))
    for table in ("audit_log", "audit_row_hashes"):
        past.layouts[table] = layout = Layout(table, (), (), "created_at", "month")
        past.windows[table] = {"": [Window(1, 0, 2**62, 1, b"", layout, recent=True)]}
    with connection.cursor() as cursor:
        past.ends["audit_log"] = sealed_until(cursor, "audit_log")
        _, versions = verify_history(cursor, past, findings, lambda what, count: None, lambda count: None)
    return [(found.table, found.key) for found in findings.kept if found.problem == "history"], versions


def test_hashes_are_compared_as_long_as_no_change_after_them_was_dropped(
    sealed: Database, instrument: str, tamper: Tamper, falsify: Any, run: Any
) -> None:
    later = "SET created_at = date_trunc('month', created_at) + interval '1 month 2 days' WHERE id ="
    newest_hash = "(SELECT max(id) FROM audit_row_hashes WHERE table_name = 'instruments')"

    def change_next_month() -> None:
        change()
        tamper("audit_log", f"UPDATE audit_log {later} (SELECT max(id) FROM audit_log)")

    change()
    run("seal_audit")
    tamper("audit_log", f"DELETE FROM audit_log WHERE record_id = '{instrument}'")
    tamper("audit_row_hashes", f"UPDATE audit_row_hashes {later} {newest_hash}")
    change_next_month()
    this_month = ("audit_log", f"{datetime.now(UTC):%Y-%m-01}")
    assert compared()[0] == [("instruments", instrument)]
    assert compared(this_month) == ([], 1)
    falsify("0.5")
    change_next_month()
    assert compared(this_month) == ([("instruments", instrument)], 1)
    # Its hash may lack a change that has left.
    assert compared(("audit_log", "2999-01-01")) == ([], 0)


@pytest.mark.usefixtures("sealed")
def test_other_months_of_the_log_that_were_dropped_make_no_difference() -> None:
    assert compared(("audit_log", "2020-01-01")) == compared()
    assert compared()[1] > 0
