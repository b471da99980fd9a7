"""The tamper matrix: with the owner's rights and every trigger off, nothing is altered without being named."""

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest

from audit.models import AuditSeal
from tests.databases import Database
from tests.rows import audit as rows

Tamper = Callable[..., list[dict[str, Any]]]


def named(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(found["problem"], found["table"], found["key"]) for found in report["findings"]}


def key_of(tamper: Tamper, table: str, place: int = 1) -> str:
    """The key of the `place`-th row."""
    rows = tamper(table, f"SELECT id FROM {table} ORDER BY id OFFSET {place} LIMIT 1")
    return str(rows[0]["id"])


def test_a_changed_context_is_named_by_its_transaction(tamper: Tamper, run: Any) -> None:
    """Who made a change is sealed as the change itself is."""
    (row,) = tamper("audit_contexts", "SELECT max(txid) AS txid FROM audit_contexts")
    tamper("audit_contexts", f"UPDATE audit_contexts SET user_id = uuidv7() WHERE txid = {row['txid']}")
    assert named(run("verify_audit", code=4)) == {("altered", "audit_contexts", f"{row['txid']}/1")}


def test_what_was_sealed_is_sound(sealed: Database, run: Any) -> None:
    report = run("verify_audit")
    assert (report["total"], report["findings"], report["unsealed"]) == (0, [], 0)


def test_changed_and_removed_rows_are_named(tamper: Tamper, run: Any) -> None:
    changes = {
        "audit_log": """changes = '{"display_name": ["a", "b"]}'""",
        "audit_layouts": "columns = '{id}'",
        "account_transactions": "description = 'nothing to see'",
        "journals": "created_at = created_at - interval '1 day'",
        "system_events": "message = 'all is well'",
    }
    changed = {table: key_of(tamper, table) for table in changes}
    removed = {table: key_of(tamper, table, 2) for table in ("audit_log", "risk_events", "account_audit")}
    for table, change in changes.items():
        tamper(table, f"UPDATE {table} SET {change} WHERE id = '{changed[table]}'")
    for table, key in removed.items():
        tamper(table, f"DELETE FROM {table} WHERE id = {key}")
    expected = {("altered", table, key) for table, key in changed.items()}
    expected |= {("missing", table, key) for table, key in removed.items()}
    # Changes of rows that are gone from the log do not fit what is left of it either.
    assert {found for found in named(run("verify_audit", code=4)) if found[0] in ("altered", "missing")} == expected


def test_the_tail_that_was_cut_is_named(tamper: Tamper, run: Any) -> None:
    keys = [str(row["id"]) for row in tamper("audit_log", "SELECT id FROM audit_log ORDER BY id DESC LIMIT 3")]
    tamper("audit_log", f"DELETE FROM audit_log WHERE id IN ({', '.join(keys)})")
    assert named(run("verify_audit", code=4)) == {("missing", "audit_log", key) for key in keys}


def test_rows_that_were_slipped_in_are_named(tamper: Tamper, run: Any) -> None:
    columns = "id, created_at, txid, table_name, record_id, action, changes"
    places = {
        "a sealed transaction": ("20001", "created_at", "txid"),
        # A month that had no rows when its transaction was sealed.
        "another month": ("20002", "created_at + interval '2 months'", "txid"),
        "the future": ("20003", "created_at", "txid + 1000000"),
    }
    for key, created_at, txid in places.values():
        tamper(
            "audit_log",
            f"INSERT INTO audit_log ({columns}) SELECT {key}, {created_at}, {txid}, table_name, record_id, action,"
            " changes FROM audit_log WHERE action = 'INSERT' ORDER BY id LIMIT 1",
        )
    found = named(run("verify_audit", code=4))
    assert {each for each in found if each[0] == "invented"} == {
        ("invented", "audit_log", key) for key, _, _ in places.values()
    }


def test_rows_that_changed_places_are_named(tamper: Tamper, run: Any) -> None:
    first, second = key_of(tamper, "audit_log", 0), key_of(tamper, "audit_log", 1)
    tamper(
        "audit_log",
        f"UPDATE audit_log SET id = -1 WHERE id = {first}",
        f"UPDATE audit_log SET id = {first} WHERE id = {second}",
        f"UPDATE audit_log SET id = {second} WHERE id = -1",
    )
    found = named(run("verify_audit", code=4))
    assert {key for _, _, key in found} == {first, second}


def test_a_row_that_moved_to_another_transaction_is_named(tamper: Tamper, run: Any) -> None:
    key = key_of(tamper, "audit_log", 0)
    tamper("audit_log", f"UPDATE audit_log SET txid = (SELECT max(txid) FROM audit_log) WHERE id = {key}")
    found = named(run("verify_audit", code=4))
    assert {each[2] for each in found if each[1] == "audit_log"} == {key}
    # The row that it says was changed so late has no hash of that time.
    assert [each[0] for each in found if each[1] != "audit_log"] == ["live"]


def test_a_row_with_a_false_seal_is_named_although_the_seal_was_made_anew(
    sealed: Database, tamper: Tamper, run: Any
) -> None:
    """Who changes a row and its seal has to make the whole chain after it anew."""
    key = key_of(tamper, "audit_log", 0)
    tamper("audit_log", f"UPDATE audit_log SET created_at = created_at + interval '1 microsecond' WHERE id = {key}")
    tamper(
        "audit_seals",
        "UPDATE audit_seals SET root = sha256('') WHERE id = (SELECT min(id) FROM audit_seals WHERE row_count > 100)",
    )
    found = named(run("verify_audit", code=4))
    assert ("altered", "audit_log", key) in found
    assert ("chain", "", "") in found


def test_a_seal_that_was_replaced_is_named(sealed: Database, tamper: Tamper, run: Any) -> None:
    """With a right hash of its own: the next seal follows another one."""
    tamper("audit_seals", "ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_previous_hash_fk")
    seal = AuditSeal.objects.get(pk=20)
    tamper("audit_seals", "UPDATE audit_seals SET row_count = 3, hash = sha256('other') WHERE id = 20")
    report = run("verify_audit", code=4)
    assert {found["seal"] for found in report["findings"]} >= {20, 21}
    assert seal.row_count != 3


def test_a_seal_that_is_missing_is_named(tamper: Tamper, run: Any) -> None:
    tamper(
        "audit_seals",
        "ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_previous_hash_fk",
        "DELETE FROM audit_seals WHERE id IN (7, 8)",
    )
    report = run("verify_audit", code=4)
    assert any(
        found["sentence"] == "Seal 9: the chain has a gap: seal 7 to 8 are missing." for found in report["findings"]
    )


@pytest.mark.parametrize(
    ("kind", "altered"),
    [
        ("layout", "details = 'nothing'"),
        ("layout", "details = '{}'"),
        ("layout", "details = '[]'"),
        ("layout", "details = replace(details, 'bigint', 'text')"),
        ("layout", "details = replace(details, 'bigint', 'bigint)), (SELECT 1')"),
        ("layout", "details = replace(details, 'month', 'moment')"),
        ("layout", "sealed_table = 'orders'"),
        ("layout", "sealed_table = 'audit_log t; --'"),
        ("layout", "sealed_at = 'infinity'"),
        ("rows", "period = 'never'"),
        ("rows", "period = '9999-12-31'"),
        ("rows", "lo = NULL, hi = NULL, kind = 'layout'"),
        ("rows", "lo = NULL, hi = NULL, kind = 'tombstone'"),
        ("rows", "lo = NULL, hi = NULL, kind = 'tombstone', details = '[]'"),
        ("rows", "lo = NULL, hi = NULL, kind = 'tombstone', period = '', details = '{}'"),
    ],
)
def test_a_seal_that_makes_no_sense_is_named(tamper: Tamper, run: Any, kind: str, altered: str) -> None:
    """Whatever somebody has written into it: verifying goes on, and nothing of it becomes SQL."""
    chosen = f"SELECT min(id) FROM audit_seals WHERE sealed_table = 'audit_log' AND kind = '{kind}'"
    [seal] = tamper("audit_seals", f"UPDATE audit_seals SET {altered} WHERE id = ({chosen}) RETURNING id")
    report = run("verify_audit", "--limit", "1000", code=4)
    assert ("chain", seal["id"]) in {(found["problem"], found["seal"]) for found in report["findings"]}


def test_a_list_that_was_altered_too_does_not_hide_the_seal(tamper: Tamper, run: Any) -> None:
    (row,) = tamper("risk_events", "SELECT min(id) AS id FROM risk_events")
    tamper("risk_events", f"DELETE FROM risk_events WHERE id = {row['id']}")
    tamper(
        "audit_seal_chunks",
        "UPDATE audit_seal_chunks SET keys = substr(keys, 9), prefixes = substr(prefixes, 9) WHERE seal_id ="
        " (SELECT id FROM audit_seals WHERE sealed_table = 'risk_events' AND row_count = 5)",
    )
    assert named(run("verify_audit", code=4)) == {("list", "risk_events", "")}


def test_columns_that_are_gone_are_named(tamper: Tamper, run: Any) -> None:
    tamper("risk_events", "ALTER TABLE risk_events DROP COLUMN description")
    report = run("verify_audit", code=4)
    assert [found["sentence"] for found in report["findings"]] == [
        "risk_events: its sealed rows cannot be checked: without description."
    ]


def test_a_new_column_leaves_old_seals_valid_and_is_sealed_from_then_on(tamper: Tamper, run: Any) -> None:
    tamper("risk_events", "ALTER TABLE risk_events ADD COLUMN desk text DEFAULT 'none' NOT NULL")
    rows.risk_event()
    before = AuditSeal.objects.count()
    run("seal_audit")
    kinds = list(AuditSeal.objects.order_by("id").values_list("kind", "sealed_table"))[before:]
    # The database is a copy of the one that the chain began in, which is said first.
    assert kinds == [("restored", ""), ("layout", "risk_events"), ("rows", "risk_events")]
    assert run("verify_audit")["total"] == 0
    old, new = key_of(tamper, "risk_events", 0), key_of(tamper, "risk_events", 5)
    tamper("risk_events", f"UPDATE risk_events SET desk = 'other' WHERE id IN ({old}, {new})")
    assert named(run("verify_audit", code=4)) == {("altered", "risk_events", new)}


def test_since_checks_the_whole_chain_but_only_later_rows(tamper: Tamper, run: Any) -> None:
    key = key_of(tamper, "audit_log", 0)
    tamper("audit_log", f"UPDATE audit_log SET created_at = created_at + interval '1 microsecond' WHERE id = {key}")
    first, second = AuditSeal.objects.filter(sealed_table="audit_log", row_count__gt=0).order_by("id")
    report = run("verify_audit", "--since", second.sealed_at.isoformat())
    # Five changes of one row, five messages, and the row's hash.
    assert (report["total"], report["rows"]) == (0, 11)
    assert report["seals"] == AuditSeal.objects.count()
    since = (first.sealed_at - timedelta(minutes=1)).astimezone(UTC).replace(tzinfo=None).isoformat()
    assert named(run("verify_audit", "--since", since, code=4)) == {("altered", "audit_log", key)}


def test_resolving_a_breach_is_no_alteration_but_changing_it_is(books: Database, run: Any) -> None:
    from tests.rows.risk import risk_limit_breach

    breach = risk_limit_breach()
    run("seal_audit")
    books.rows(
        "UPDATE risk_limit_breaches SET resolved_at = now(), resolved_by_id = (SELECT id FROM users LIMIT 1)",
        owner=False,
    )
    assert run("verify_audit")["total"] == 0
    with books.connect(owner=True) as owner:
        owner.execute("ALTER TABLE risk_limit_breaches DISABLE TRIGGER USER")
        owner.execute("UPDATE risk_limit_breaches SET actual_value = actual_value + 1")
        owner.execute("ALTER TABLE risk_limit_breaches ENABLE TRIGGER USER")
    assert named(run("verify_audit", code=4)) == {("altered", "risk_limit_breaches", str(breach.pk))}


def test_many_findings_are_counted_and_the_first_are_named(tamper: Tamper, run: Any) -> None:
    tamper("audit_log", "UPDATE audit_log SET created_at = created_at + interval '1 microsecond'")
    (all_rows,) = tamper("audit_log", "SELECT count(*) AS n FROM audit_log")
    report = run("verify_audit", "--limit", "2", code=4)
    assert len(report["findings"]) == 2
    assert report["counts"] == [{"table": "audit_log", "problem": "altered", "count": all_rows["n"], "named": 2}]


def test_nothing_sealed_is_nothing_to_check(books: Database, run: Any) -> None:
    report = run("verify_audit")
    assert (report["head"], report["seals"], report["total"]) == (None, 0, 0)


@pytest.mark.parametrize("options", [["--limit", "0"]])
def test_wrong_options_are_refused(run: Any, options: list[str]) -> None:
    assert run("verify_audit", *options, code=2) == {}
