"""The hashes of live rows: when one is written, and that none can be altered, left out or slipped in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from audit.capture.columns import layout_of, row_hash
from audit.capture.triggers import audited_columns
from audit.models import AuditRowHashes
from audit.sealing.findings import Findings
from audit.sealing.live import verify_live_rows
from audit.sealing.row_hashes import comparable_layouts
from audit.sealing.tables import Layout
from audit.sealing.tree import WIDTH
from audit.sealing.windows import SealedPast
from tests.audit.sealing.conftest import change, wait_for_the_horizon
from tests.audit.sealing.test_anchor import remake_the_chain
from tests.databases import Database

Tamper = Callable[..., list[dict[str, Any]]]

KEYS = """
    SELECT encode(substr(keys, 16 * n + 1, 16), 'hex')::uuid::text AS key
      FROM audit_row_hashes CROSS JOIN generate_series(0, length(keys) / 16 - 1) AS n WHERE id = %s ORDER BY n
"""


def named(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(found["problem"], found["table"], found["key"]) for found in report["findings"]}


def newest(table: str) -> AuditRowHashes:
    return AuditRowHashes.objects.filter(table_name=table).latest("id")


def instrument(database: Database) -> str:
    """The row that `change` changes."""
    return str(database.rows("SELECT id FROM instruments WHERE symbol = 'EURUSD'")[0]["id"])


def hash_of(database: Database, table: str, key: str) -> bytes:
    (layout,) = database.rows("SELECT columns FROM audit_layouts WHERE table_name = %s", [table])
    query = f"SELECT {row_hash(layout['columns'], 't')} AS hash FROM {table} AS t WHERE id = %s"
    return bytes(database.rows(query, [key])[0]["hash"])


# Written --------------------------------------------------------------------------------------


def test_a_row_that_was_changed_is_hashed_once_per_seal(sealed: Database, run: Any) -> None:
    before = newest("instruments").id
    for _ in range(3):
        change()
    run("seal_audit")
    written = newest("instruments")
    assert AuditRowHashes.objects.filter(id__gt=before).count() == 1
    assert [row["key"] for row in sealed.rows(KEYS, [written.id])] == [instrument(sealed)]
    assert bytes(written.hashes) == hash_of(sealed, "instruments", instrument(sealed))


def test_many_rows_are_hashed_in_portions(sealed: Database, run: Any) -> None:
    count = 2 * WIDTH + 10
    sealed.rows(
        "INSERT INTO stress_test_scenarios (scenario_name, scenario_type, market_shocks)"
        " SELECT 'number ' || n, 'custom', '{\"spread\": 1}' FROM generate_series(1, %s) AS n",
        [count],
        owner=False,
    )
    run("seal_audit")
    chunks = AuditRowHashes.objects.filter(table_name="stress_test_scenarios").order_by("-id")[:3]
    assert sorted(len(chunk.keys) // 16 for chunk in chunks) == [10, WIDTH, WIDTH]
    keys = [[row["key"] for row in sealed.rows(KEYS, [chunk.id])] for chunk in chunks]
    assert len({key for found in keys for key in found}) == count
    for chunk, found in zip(chunks, keys, strict=True):
        assert bytes(chunk.hashes[-32:]) == hash_of(sealed, "stress_test_scenarios", found[-1])
    assert run("verify_audit")["total"] == 0


def test_random_bytes_are_not_compressed(sealed: Database) -> None:
    rows = sealed.rows(
        "SELECT DISTINCT attname AS name, attstorage::text AS storage"
        " FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
        " WHERE relname LIKE 'audit_row_hashes%' AND relkind IN ('r', 'p') AND attname IN ('keys', 'hashes')"
    )
    assert sorted((row["name"], row["storage"]) for row in rows) == [("hashes", "e"), ("keys", "e")]


def test_a_deleted_row_has_no_hash(sealed: Database, run: Any) -> None:
    before = AuditRowHashes.objects.latest("id").id
    sealed.rows("DELETE FROM lp_instruments WHERE id = (SELECT id FROM lp_instruments LIMIT 1)", owner=False)
    run("seal_audit")
    assert not AuditRowHashes.objects.filter(id__gt=before).exists()
    assert run("verify_audit")["total"] == 0


def test_a_row_waits_for_its_newest_change(sealed: Database, run: Any) -> None:
    """Its state before that is no longer there to be hashed, and that change is not sealed yet."""
    run("seal_audit")
    before = newest("instruments").id
    change()
    wait_for_the_horizon()
    with sealed.connect(autocommit=False) as slow:
        slow.execute("INSERT INTO risk_events (event_type) VALUES ('stop_out')")
        change()
        assert run("seal_audit", at_once=True)["tables"]["audit_log"] == 1
        assert newest("instruments").id == before
        assert run("verify_audit")["total"] == 0
        slow.commit()
    run("seal_audit")
    assert newest("instruments").id > before
    assert run("verify_audit")["total"] == 0


# Verified -------------------------------------------------------------------------------------


def test_a_row_whose_change_is_not_sealed_yet_is_sound(sealed: Database, run: Any) -> None:
    change()
    report = run("verify_audit")
    assert (report["total"], report["unsealed"]) == (0, 2)


def test_what_is_done_to_a_new_row_before_its_seal_is_sealed_as_done(
    sealed: Database, tamper: Tamper, run: Any
) -> None:
    """The threat model says so: a hash is that of the row as the sealer finds it, and there is no older one."""
    (row,) = sealed.rows(
        "INSERT INTO stress_test_scenarios (scenario_name, scenario_type, market_shocks)"
        " VALUES ('new', 'custom', '{\"spread\": 1}') RETURNING id",
        owner=False,
    )
    tamper("stress_test_scenarios", f"UPDATE stress_test_scenarios SET is_active = false WHERE id = '{row['id']}'")
    run("seal_audit")
    assert run("verify_audit")["total"] == 0


def test_what_is_done_to_a_changed_row_before_its_seal_is_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    """An older hash of it was sealed."""
    change()
    tamper("instruments", f"UPDATE instruments SET commission_rate = 0.5 WHERE id = '{instrument(sealed)}'")
    run("seal_audit")
    assert named(run("verify_audit", code=4)) == {("history", "instruments", instrument(sealed))}


def test_an_altered_hash_is_named_with_its_row(sealed: Database, tamper: Tamper, run: Any) -> None:
    chunk = newest("instruments")
    tamper("audit_row_hashes", f"UPDATE audit_row_hashes SET hashes = sha256('other') WHERE id = {chunk.id}")
    assert named(run("verify_audit", code=4)) == {
        ("altered", "audit_row_hashes", str(chunk.id)),
        ("live", "instruments", instrument(sealed)),
    }


def test_a_removed_hash_is_named_with_its_row(sealed: Database, tamper: Tamper, run: Any) -> None:
    chunk = newest("instruments")
    tamper("audit_row_hashes", f"DELETE FROM audit_row_hashes WHERE id = {chunk.id}")
    report = run("verify_audit", code=4)
    assert named(report) == {
        ("missing", "audit_row_hashes", str(chunk.id)),
        ("live", "instruments", instrument(sealed)),
    }
    assert "has no hash in audit_row_hashes" in " ".join(found["sentence"] for found in report["findings"])


def test_a_hash_that_was_slipped_in_is_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    """It would have the altered row pass as sound, if there were no older one."""
    key = instrument(sealed)
    tamper("instruments", f"UPDATE instruments SET commission_rate = 0.5 WHERE id = '{key}'")
    false_hash = hash_of(sealed, "instruments", key).hex()
    (slipped_in,) = tamper(
        "audit_row_hashes",
        "INSERT INTO audit_row_hashes (id, created_at, txid, table_name, layout, hi, keys, hashes)"
        f" SELECT 20001, created_at, txid, table_name, layout, hi + 1, keys, '\\x{false_hash}'"
        f" FROM audit_row_hashes WHERE id = {newest('instruments').id} RETURNING id",
    )
    assert named(run("verify_audit", code=4)) == {
        ("invented", "audit_row_hashes", str(slipped_in["id"])),
        ("history", "instruments", key),
    }


def test_a_row_whose_hash_was_suppressed_is_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    """Before it was sealed, or with the whole chain made anew: each sealed change of a row that is there has one."""
    tamper("audit_row_hashes", f"DELETE FROM audit_row_hashes WHERE id = {newest('instruments').id}")
    remake_the_chain(sealed, "audit_row_hashes")
    assert named(run("verify_audit", code=4)) == {("live", "instruments", instrument(sealed))}


# After months were dropped --------------------------------------------------------------------


@pytest.fixture
def without_log(sealed: Database, tamper: Tamper) -> Database:
    """The log of the row that `change` changes has left with its months."""
    tamper("audit_log", f"DELETE FROM audit_log WHERE record_id = '{instrument(sealed)}'")
    return sealed


def compared(*dropped: tuple[str, str]) -> list[tuple[str, str]]:
    """(table, key) of the rows that do not fit, if these periods have been dropped."""
    findings = Findings()
    past = SealedPast(ends={"audit_log": 2**62}, dropped=set(dropped))
    past.layouts["audit_row_hashes"] = Layout("audit_row_hashes", (), (), "created_at", "month")
    with connection.cursor() as cursor:
        verify_live_rows(cursor, comparable_layouts(cursor), past, findings)
    return [(found.table, found.key) for found in findings.kept]


LOG_DROPPED = ("audit_log", "2026-01-01")
OLD_HASHES_DROPPED = ("audit_row_hashes", "2026-01-01")
ALL_HASHES_DROPPED = ("audit_row_hashes", "2999-01-01")


def test_a_row_without_a_log_is_compared_with_its_hash(without_log: Database, tamper: Tamper) -> None:
    key = instrument(without_log)
    assert compared() == [("instruments", key)]
    assert compared(LOG_DROPPED, OLD_HASHES_DROPPED) == []
    tamper("instruments", f"UPDATE instruments SET commission_rate = 0.5 WHERE id = '{key}'")
    assert compared(LOG_DROPPED) == compared(LOG_DROPPED, OLD_HASHES_DROPPED) == [("instruments", key)]
    # One that a legal hold keeps from leaving need not be the newest.
    assert compared(LOG_DROPPED, ALL_HASHES_DROPPED) == []


def test_a_row_whose_deletion_has_left_with_the_log_is_not_missing(without_log: Database, tamper: Tamper) -> None:
    (key,) = (row["id"] for row in without_log.rows("SELECT id FROM risk_limits LIMIT 1"))
    tamper("audit_log", f"DELETE FROM audit_log WHERE record_id = '{key}'")
    tamper("risk_limits", f"DELETE FROM risk_limits WHERE id = '{key}'")
    assert ("risk_limits", str(key)) in compared()
    assert compared(LOG_DROPPED) == []


def test_a_hash_that_has_left_is_not_looked_for(sealed: Database, tamper: Tamper) -> None:
    tamper("audit_row_hashes", f"DELETE FROM audit_row_hashes WHERE id = {newest('instruments').id}")
    assert compared(OLD_HASHES_DROPPED) == [("instruments", instrument(sealed))]
    assert compared(ALL_HASHES_DROPPED) == []


# Layouts --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("as_owner")
def test_hashes_are_compared_as_long_as_their_columns_are_what_they_were(sql: Any) -> None:
    columns = [column for column in audited_columns()["fee_schedules"] if not column.hidden]
    (current,) = sql("SELECT layout FROM audit_layouts WHERE table_name = 'fee_schedules'")
    older = layout_of(columns[:-1])
    of_other_types, without_one = 1, 2
    for layout, names in {
        older: [column.name for column in columns[:-1]],
        of_other_types: [column.name for column in columns],
        without_one: ["id", "no_longer_there"],
    }.items():
        sql("INSERT INTO audit_layouts (table_name, layout, columns) VALUES ('fee_schedules', %s, %s)", [layout, names])
    with connection.cursor() as cursor:
        found = comparable_layouts(cursor)["fee_schedules"]
    assert found.keys() == {current["layout"], older}
