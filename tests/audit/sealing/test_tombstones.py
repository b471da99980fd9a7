"""A month that leaves: certified as it was sealed, and verifiable by its tombstone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from audit.models import AuditSeal
from audit.sealing.tombstones import certify
from config.commands import Failed, VerificationFailed
from config.database.owner import connected_as_owner
from config.database.partitions import BEFORE_DROP, DepartingPartition, Interval
from tests.databases import Database

START = Interval.MONTH.shift(Interval.MONTH.start(datetime.now(UTC)), 1)
END = Interval.MONTH.shift(START, 1)
NAME = f"system_events_p{START:%Y_%m}"


def leaving(rows: int) -> DepartingPartition:
    """The coming month of the log, as if it were an old one."""
    return DepartingPartition("system_events", NAME, START, END, rows, b"\x01" * 32)


@pytest.fixture
def month(sealed: Database, run: Any) -> Database:
    """Three events of the coming month, sealed."""
    _add(sealed, 3)
    run("seal_audit")
    return sealed


def _add(database: Database, count: int) -> None:
    database.rows(
        "INSERT INTO system_events (created_at, event_type, message)"
        " SELECT %s::timestamptz + n * interval '1 day', 'error', 'n' FROM generate_series(1, %s) n",
        [START, count],
    )


@contextmanager
def _detached() -> Iterator[Any]:
    """In the transaction that drops it."""
    with connected_as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE system_events DETACH PARTITION {NAME}")
        yield cursor


def named(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(found["problem"], found["table"], found["key"]) for found in report["findings"]}


def test_a_month_that_was_certified_can_be_dropped(month: Database, run: Any) -> None:
    with _detached() as cursor:
        certify(leaving(3), connection)
        cursor.execute(f"DROP TABLE {NAME}")
    stone = AuditSeal.objects.get(kind="tombstone")
    assert (stone.sealed_table, stone.period, stone.row_count) == ("system_events", f"{START:%Y-%m-%d}", 3)
    assert run("verify_audit")["total"] == 0
    # Sealing and verifying go on.
    run("seal_audit")
    assert run("verify_audit")["total"] == 0


def test_a_month_that_was_dropped_without_is_named_row_by_row(month: Database, run: Any) -> None:
    keys = [str(row["id"]) for row in month.rows(f"SELECT id FROM {NAME}")]
    with _detached() as cursor:
        cursor.execute(f"DROP TABLE {NAME}")
    assert named(run("verify_audit", code=4)) == {("missing", "system_events", key) for key in keys}


def test_a_month_with_a_tombstone_for_other_rows_is_named(month: Database, run: Any) -> None:
    with _detached() as cursor:
        certify(leaving(3), connection)
        cursor.execute("ALTER TABLE audit_seals DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_seals SET row_count = 2 WHERE kind = 'tombstone'")
        cursor.execute("ALTER TABLE audit_seals ENABLE TRIGGER USER")
        cursor.execute(f"DROP TABLE {NAME}")
    report = run("verify_audit", code=4)
    assert ("tombstone", "system_events", NAME) in named(report)


def test_rows_that_are_not_sealed_yet_stay(month: Database) -> None:
    _add(month, 2)
    with pytest.raises(Failed, match=r"2 rows of .* without a seal: run seal_audit"), _detached():
        certify(leaving(5), connection)


def test_rows_that_are_not_what_was_sealed_stay(month: Database) -> None:
    with month.connect(owner=True) as owner:
        owner.execute("ALTER TABLE system_events DISABLE TRIGGER USER")
        key = owner.execute(
            f"UPDATE {NAME} SET message = 'forged' WHERE id = (SELECT min(id) FROM {NAME}) RETURNING id"
        )
        (row,) = key.fetchall()
    with pytest.raises(VerificationFailed, match=f"{NAME} {row['id']}: is not what was sealed"), _detached():
        certify(leaving(3), connection)
    assert not AuditSeal.objects.filter(kind="tombstone").exists()


def test_a_month_that_is_detached_only_is_still_verified(month: Database, run: Any) -> None:
    """Between two steps of its departure, however long that takes."""
    with _detached():
        pass
    # Only the owner reads what is no part of the log any more.
    run("verify_audit", code=3)
    month.rows(f"GRANT SELECT ON {NAME} TO trading_app")
    assert run("verify_audit")["total"] == 0
    with month.connect(owner=True) as owner:
        owner.execute(f"ALTER TABLE {NAME} DISABLE TRIGGER USER")
        owner.execute(f"UPDATE {NAME} SET message = 'forged'")
        owner.execute(f"ALTER TABLE {NAME} ENABLE TRIGGER USER")
    found = {each for each in named(run("verify_audit", code=4)) if each[0] != "code"}
    assert {problem for problem, _, _ in found} == {"altered"}
    assert len(found) == 3


def test_where_nothing_was_sealed_nothing_is_certified(books: Database) -> None:
    with _detached():
        certify(leaving(0), connection)
    assert not AuditSeal.objects.exists()


def test_whatever_drops_a_partition_asks() -> None:
    assert certify in BEFORE_DROP
