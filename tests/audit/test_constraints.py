"""Bad writes by plain SQL: each is refused by the constraint that it names, a good neighbour is accepted."""

import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

SOMEBODY = uuid.UUID(int=1)

GOOD: dict[str, dict[str, Any]] = {
    "user_activity_log": {"user_id": SOMEBODY, "activity_type": "login", "ip_address": "192.0.2.1"},
    "risk_events": {"event_type": "margin_call", "account_id": SOMEBODY},
    "compliance_events": {"event_type": "kyc_check", "user_id": SOMEBODY},
    "system_events": {"event_type": "server_start", "message": "Server started."},
    "api_access_log": {"endpoint": "/orders", "method": "GET", "status_code": 200, "response_time_ms": 0},
}
PARTITIONED = ["user_activity_log", "system_events", "api_access_log"]

#: (constraint, table, what is changed in a good row)
BAD_ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("user_activity_log_activity_type_check", "user_activity_log", {"activity_type": "nap"}),
    ("risk_events_event_type_check", "risk_events", {"event_type": "rain"}),
    ("risk_events_severity_check", "risk_events", {"severity": "high"}),
    ("compliance_events_event_type_check", "compliance_events", {"event_type": "rain"}),
    ("compliance_events_status_check", "compliance_events", {"status": "forgotten"}),
    ("compliance_events_severity_check", "compliance_events", {"severity": "high"}),
    ("compliance_events_review_check", "compliance_events", {"reviewed_by": SOMEBODY}),
    ("compliance_events_review_check", "compliance_events", {"review_notes": "seen"}),
    (
        "compliance_events_follows_id_fk",
        "compliance_events",
        {"id": 2_000_000, "follows_id": 1_999_999, "reviewed_by": SOMEBODY, "review_notes": "seen"},
    ),
    (
        "compliance_events_follows_earlier_check",
        "compliance_events",
        {"id": 2_000_000, "follows_id": 2_000_000, "reviewed_by": SOMEBODY, "review_notes": "seen"},
    ),
    ("system_events_event_type_check", "system_events", {"event_type": "rain"}),
    ("system_events_severity_check", "system_events", {"severity": "high"}),
    ("system_events_message_check", "system_events", {"message": ""}),
    ("api_access_log_method_check", "api_access_log", {"method": "get"}),
    ("api_access_log_status_code_range_check", "api_access_log", {"status_code": 99}),
    ("api_access_log_status_code_range_check", "api_access_log", {"status_code": 600}),
    ("api_access_log_response_time_ms_not_negative_check", "api_access_log", {"response_time_ms": -1}),
    ("api_access_log_endpoint_without_query_check", "api_access_log", {"endpoint": "/orders?token=x"}),
]

BY_HAND = ["compliance_events_follows_uniq"]

TRIED = sorted({*(row[0] for row in BAD_ROWS), *BY_HAND})


def insert(sql: Any, table: str, columns: dict[str, Any]) -> dict[str, Any]:
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    [row] = sql(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING *", list(columns.values()))
    return row  # type: ignore[no-any-return]


@pytest.mark.parametrize("table", GOOD)
def test_a_good_row_is_accepted(sql: Any, table: str) -> None:
    assert insert(sql, table, GOOD[table])["id"] > 0


@pytest.mark.parametrize(
    ("constraint", "table", "changes"),
    BAD_ROWS,
    ids=[f"{name}-{number}" for number, (name, _, _) in enumerate(BAD_ROWS)],
)
def test_a_bad_row_is_refused(sql: Any, refused: Any, constraint: str, table: str, changes: dict[str, Any]) -> None:
    with refused(constraint):
        insert(sql, table, {**GOOD[table], **changes})


def test_a_case_is_reviewed_step_by_step_and_never_by_two_at_once(sql: Any, refused: Any) -> None:
    case = insert(sql, "compliance_events", GOOD["compliance_events"])
    assert case["status"] == "open"
    decision = {
        **GOOD["compliance_events"],
        "status": "cleared",
        "follows_id": case["id"],
        "reviewed_by": SOMEBODY,
        "review_notes": "Documents are genuine.",
    }
    with refused("compliance_events_review_check"):
        insert(sql, "compliance_events", {**decision, "reviewed_by": None})
    insert(sql, "compliance_events", decision)
    with refused("compliance_events_follows_uniq"):
        insert(sql, "compliance_events", {**decision, "status": "confirmed"})


def test_defaults_are_made_by_the_database(sql: Any) -> None:
    activity = insert(sql, "user_activity_log", {"activity_type": "login_failed"})
    assert (activity["user_id"], activity["ip_address"], activity["details"]) == (None, None, "{}")
    assert insert(sql, "risk_events", GOOD["risk_events"])["severity"] == "warning"
    assert insert(sql, "system_events", GOOD["system_events"])["severity"] == "info"


@pytest.mark.parametrize("table", PARTITIONED)
@pytest.mark.parametrize("days", [0, 31, 400, 40_000])
def test_there_is_always_a_partition_to_write_into(sql: Any, table: str, days: int) -> None:
    """Today, in a premade month, and long after anybody has premade one."""
    insert(sql, table, {**GOOD[table], "created_at": datetime.now(UTC) + timedelta(days=days)})


def test_logs_are_append_only(live_database: Any) -> None:
    """The application has no right to change them, and the trigger stops the owner, who has every right."""
    for table, columns in GOOD.items():
        insert(partial(live_database.rows, owner=False), table, columns)
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(psycopg.Error, match=f"permission denied for table {table}"):
                live_database.rows(statement, owner=False)
            with pytest.raises(psycopg.Error, match="is append-only"):
                live_database.rows(statement)
