"""Rows of the log by hand, which only the owner of the table could write: its constraints hold for him too."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.audit.test_constraints import insert
from tests.rows.audit import digest

pytestmark = pytest.mark.usefixtures("as_owner")

GOOD: dict[str, dict[str, Any]] = {
    "audit_log": {
        "table_name": "orders",
        "record_id": uuid.UUID(int=1),
        "action": "UPDATE",
        "changes": '{"status": ["new", "filled"]}',
    },
    "audit_contexts": {"txid": 7, "number": 1, "db_user": "trading_backend"},
    "audit_layouts": {"table_name": "orders", "layout": 1, "columns": ["id"]},
    "audit_row_hashes": {
        "table_name": "orders",
        "layout": 1,
        "hi": 7,
        "keys": uuid.UUID(int=1).bytes,
        "hashes": digest("row"),
    },
}


@pytest.mark.parametrize("table", GOOD)
def test_a_good_row_is_accepted(sql: Any, table: str) -> None:
    insert(sql, table, GOOD[table])


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("audit_log_action_check", {"action": "MERGE"}),
        ("audit_row_hashes_length_check", {"hashes": digest("row")[:31]}),
        ("audit_row_hashes_length_check", {"keys": b"", "hashes": b""}),
    ],
)
def test_a_bad_row_is_refused(sql: Any, refused: Any, constraint: str, changes: dict[str, Any]) -> None:
    with refused(constraint):
        table = constraint.rsplit("_", 2)[0]
        insert(sql, table, {**GOOD[table], **changes})


def test_a_layout_is_described_once(sql: Any, refused: Any) -> None:
    insert(sql, "audit_layouts", GOOD["audit_layouts"])
    with refused("audit_layouts_layout_uniq"):
        insert(sql, "audit_layouts", GOOD["audit_layouts"])


@pytest.mark.parametrize("table", ["audit_log", "audit_contexts", "audit_row_hashes"])
@pytest.mark.parametrize("days", [0, 31, 400, 40_000])
def test_there_is_always_a_partition_to_write_into(sql: Any, table: str, days: int) -> None:
    """Today, in a premade month, and long after anybody has premade one."""
    insert(sql, table, {**GOOD[table], "created_at": datetime.now(UTC) + timedelta(days=days)})
