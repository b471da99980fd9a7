"""One row in the log for each row that changed, and none for one that did not, however it was written."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from risk.models import StressTestScenario
from tests.rows import accounts, risk, trading

Sql = Callable[..., list[dict[str, Any]]]
TABLE = "stress_test_scenarios"
NEW = "(scenario_name, scenario_type, market_shocks)"


@pytest.fixture
def logged(sql: Sql) -> Callable[[], list[tuple[str, str, Any]]]:
    """What the log says about a table since the last call: (action, id, changes), in order."""
    last = sql("SELECT coalesce(max(id), 0) AS id FROM audit_log")[0]["id"]

    def read(table: str = TABLE) -> list[tuple[str, str, Any]]:
        nonlocal last
        rows = sql(
            "SELECT id, action, record_id::text AS record, changes::json AS changes FROM audit_log"
            " WHERE table_name = %s AND id > %s ORDER BY id",
            [table, last],
        )
        last = max([last, *(row["id"] for row in rows)])
        return [(row["action"], row["record"], row["changes"]) for row in rows]

    return read


def test_rows_that_the_orm_writes_one_by_one(logged: Any) -> None:
    scenario = risk.stress_test_scenario(scenario_name="one")
    assert logged() == [("INSERT", str(scenario.pk), {})]
    scenario.description = 'A "quoted" line\nand another \\ one'
    scenario.save()
    assert logged() == [
        ("UPDATE", str(scenario.pk), {"description": ["", 'A "quoted" line\nand another \\ one']}),
    ]
    scenario.save()
    assert logged() == []
    key = str(scenario.pk)
    scenario.delete()
    [(action, record, row)] = logged()
    assert (action, record) == ("DELETE", key)
    assert (row["id"], row["scenario_name"], row["market_shocks"]) == (key, "one", {"crypto": -0.4})
    assert "updated_at" not in row


def test_bulk_writes_of_the_orm(logged: Any, db: None) -> None:
    StressTestScenario.objects.bulk_create(
        StressTestScenario(scenario_name=f"bulk {n}", scenario_type="custom", market_shocks={"volatility": n})
        for n in range(1, 6)
    )
    scenarios = list(StressTestScenario.objects.filter(scenario_name__startswith="bulk").order_by("scenario_name"))
    keys = [str(scenario.pk) for scenario in scenarios]
    assert logged() == [("INSERT", key, {}) for key in keys]
    for scenario in scenarios[:3]:
        scenario.is_active = False
    StressTestScenario.objects.bulk_update(scenarios, ["is_active"])
    assert sorted(logged()) == sorted(("UPDATE", key, {"is_active": [True, False]}) for key in keys[:3])
    assert StressTestScenario.objects.filter(scenario_name__startswith="bulk").update(is_active=False) == 5
    assert sorted(logged()) == sorted(("UPDATE", key, {"is_active": [True, False]}) for key in keys[3:])
    StressTestScenario.objects.filter(pk__in=keys[:2]).delete()
    assert sorted((action, record) for action, record, _ in logged()) == sorted(("DELETE", key) for key in keys[:2])


def test_copy(logged: Any, db: None) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {TABLE} {NEW} FROM STDIN") as copy:
        copy.write("".join(f'copied {n}\tcustom\t{{"spread": {n}}}\n' for n in range(1, 101)))
    found = StressTestScenario.objects.filter(scenario_name__startswith="copied").values_list("pk", flat=True)
    assert sorted(logged()) == sorted(("INSERT", str(key), {}) for key in found)
    assert len(found) == 100


def test_executemany(logged: Any, db: None) -> None:
    with connection.cursor() as cursor:
        names = [(f"many {n}",) for n in range(20)]
        cursor.executemany(f"""INSERT INTO {TABLE} {NEW} VALUES (%s, 'custom', '{{"spread": 1}}')""", names)
        assert [action for action, _, _ in logged()] == ["INSERT"] * 20
        cursor.executemany(f"UPDATE {TABLE} SET description = 'x' WHERE scenario_name = %s", [*names, *names])
    assert [changes for _, _, changes in logged()] == [{"description": ["", "x"]}] * 20


def test_an_upsert_logs_what_it_did_to_each_row(logged: Any, sql: Sql) -> None:
    there = risk.stress_test_scenario(scenario_name="there", market_shocks={"spread": 1})
    risk.stress_test_scenario(scenario_name="same", market_shocks={"spread": 2})
    logged()
    shocks = '{"spread": 2}'
    sql(
        f"INSERT INTO {TABLE} {NEW} SELECT name, 'custom', %s FROM unnest(ARRAY['there', 'added', 'same']) AS name"
        " ON CONFLICT (scenario_name) DO UPDATE SET market_shocks = excluded.market_shocks",
        [shocks],
    )
    added = StressTestScenario.objects.get(scenario_name="added")
    assert sorted(logged()) == [
        ("INSERT", str(added.pk), {}),
        ("UPDATE", str(there.pk), {"market_shocks": [{"spread": 1}, {"spread": 2}]}),
    ]
    sql(f"INSERT INTO {TABLE} {NEW} VALUES ('same', 'custom', %s) ON CONFLICT DO NOTHING", ['{"spread": 9}'])
    assert logged() == []


def test_merge(logged: Any, sql: Sql) -> None:
    changed, gone = (risk.stress_test_scenario(scenario_name=name, description="old") for name in ("changed", "gone"))
    logged()
    sql(
        f"MERGE INTO {TABLE} AS target"
        " USING (VALUES ('changed', 'new'), ('gone', NULL), ('made', 'new')) AS source (name, text)"
        " ON scenario_name = name"
        " WHEN MATCHED AND text IS NULL THEN DELETE"
        " WHEN MATCHED THEN UPDATE SET description = text"
        f" WHEN NOT MATCHED THEN INSERT {NEW} VALUES (name, 'custom', '{{\"spread\": 1}}')"
    )
    made = StressTestScenario.objects.get(scenario_name="made")
    found = {(action, record): changes for action, record, changes in logged()}
    assert found.keys() == {("INSERT", str(made.pk)), ("UPDATE", str(changed.pk)), ("DELETE", str(gone.pk))}
    assert found["UPDATE", str(changed.pk)] == {"description": ["old", "new"]}
    assert found["DELETE", str(gone.pk)]["description"] == "old"


def test_a_statement_that_writes_in_several_ctes(logged: Any, sql: Sql) -> None:
    one, two, three = (risk.stress_test_scenario(scenario_name=name) for name in ("one", "two", "three"))
    logged()
    sql(
        f"WITH a AS (UPDATE {TABLE} SET description = 'a' WHERE scenario_name = 'one'),"
        f" b AS (DELETE FROM {TABLE} WHERE scenario_name = 'two'),"
        f""" c AS (INSERT INTO {TABLE} {NEW} VALUES ('four', 'custom', '{{"spread": 1}}'))"""
        f" UPDATE {TABLE} SET description = 'd' WHERE scenario_name = 'three'"
    )
    four = StressTestScenario.objects.get(scenario_name="four")
    found = {(action, record): changes for action, record, changes in logged()}
    assert found.keys() == {
        ("UPDATE", str(one.pk)),
        ("DELETE", str(two.pk)),
        ("INSERT", str(four.pk)),
        ("UPDATE", str(three.pk)),
    }
    assert found["UPDATE", str(three.pk)] == {"description": ["", "d"]}


def test_what_a_foreign_key_carries_along(logged: Any, db: None) -> None:
    """Lowering a cap updates the margin rates that carry it."""
    cap = risk.leverage_cap(client_class="professional", esma_class="fx_major", max_leverage=Decimal(50))
    rate = risk.margin_rate(cap=cap)
    logged("margin_rates")
    type(cap).objects.filter(pk=cap.pk).update(max_leverage=Decimal(40))
    assert logged("margin_rates") == [("UPDATE", str(rate.pk), {"max_leverage": [50, 40]})]


def test_what_a_trigger_of_another_table_changes(logged: Any, db: None) -> None:
    """A fill moves its order."""
    fill = trading.order_fill()
    changes = [changes for action, record, changes in logged("orders") if action == "UPDATE"]
    assert changes[-1]["filled_quantity"] == [0, fill.fill_quantity]
    assert "remaining_quantity" not in changes[-1]


def test_a_soft_deletion_is_an_update(logged: Any, sql: Sql) -> None:
    user = accounts.user()
    logged("users")
    sql("DELETE FROM users WHERE id = %s", [user.pk])
    [(action, record, changes)] = logged("users")
    assert (action, record, changes.keys()) == ("UPDATE", str(user.pk), {"deleted_at"})


def test_what_is_rolled_back_is_not_logged(logged: Any, db: None) -> None:
    kept = risk.stress_test_scenario()
    logged()
    with transaction.atomic():
        risk.stress_test_scenario()
        transaction.set_rollback(True)
    with transaction.atomic():
        StressTestScenario.objects.filter(pk=kept.pk).update(description="kept")
    assert logged() == [("UPDATE", str(kept.pk), {"description": ["", "kept"]})]


def test_a_statement_without_rows_leaves_nothing(sql: Sql) -> None:
    counts = "SELECT (SELECT count(*) FROM audit_contexts) AS contexts, (SELECT count(*) FROM audit_log) AS changes"
    before = sql(counts)
    sql(f"UPDATE {TABLE} SET description = 'x' WHERE id = %s", [uuid.uuid4()])
    sql(f"DELETE FROM {TABLE} WHERE id = %s", [uuid.uuid4()])
    assert sql(counts) == before


def test_a_json_value_that_is_only_written_otherwise_is_logged(logged: Any, sql: Sql) -> None:
    """1.0 and 1.00 are equal, and another row in bytes."""
    scenario = risk.stress_test_scenario()
    sql(f"""UPDATE {TABLE} SET market_shocks = '{{"spread": 1.0}}' WHERE id = %s""", [scenario.pk])
    logged()
    sql(f"""UPDATE {TABLE} SET market_shocks = '{{"spread": 1.00}}' WHERE id = %s""", [scenario.pk])
    assert [action for action, _, _ in logged()] == ["UPDATE"]
