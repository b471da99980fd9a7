"""Bad writes by plain SQL as the owner: each is refused by the constraint that it names, a good row is accepted."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("as_owner")

RUN = uuid.UUID(int=7)
BEGIN, END = datetime(2024, 1, 2, 3, tzinfo=UTC), datetime(2024, 1, 2, 4, tzinfo=UTC)

GOOD: dict[str, dict[str, Any]] = {
    "migration_runs": {
        "id": uuid.UUID(int=8),
        "started_at": BEGIN,
        "finished_at": END,
        "direction": "forwards",
        "result": "done",
        "host": "deployer",
        "waited_ms": 0,
    },
    "migration_steps": {
        "run_id": RUN,
        "app": "trading",
        "name": "0001_schema",
        "direction": "forwards",
        "result": "applied",
        "duration_ms": 0,
        "attempts": 1,
        "lock_wait_ms": 0,
    },
}

#: (constraint, table, what is changed in a good row)
BAD_ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("migration_runs_direction_check", "migration_runs", {"direction": "sideways"}),
    ("migration_runs_result_check", "migration_runs", {"result": "perhaps"}),
    ("migration_runs_waited_ms_not_negative_check", "migration_runs", {"waited_ms": -1}),
    ("migration_runs_finished_check", "migration_runs", {"finished_at": None}),
    ("migration_runs_finished_check", "migration_runs", {"result": "running"}),
    ("migration_runs_finished_check", "migration_runs", {"started_at": END, "finished_at": BEGIN}),
    ("migration_steps_direction_check", "migration_steps", {"direction": "sideways"}),
    ("migration_steps_result_check", "migration_steps", {"result": "perhaps"}),
    ("migration_steps_duration_ms_not_negative_check", "migration_steps", {"duration_ms": -1}),
    ("migration_steps_lock_wait_ms_not_negative_check", "migration_steps", {"lock_wait_ms": -1}),
    ("migration_steps_attempts_positive_check", "migration_steps", {"attempts": 0}),
    ("migration_steps_source_length_check", "migration_steps", {"source_sha256": b"short"}),
    ("migration_steps_sql_length_check", "migration_steps", {"sql_sha256": b"short"}),
    ("migration_steps_error_check", "migration_steps", {"error": "It went wrong."}),
    ("migration_steps_error_check", "migration_steps", {"result": "failed"}),
    ("migration_steps_run_id_fk", "migration_steps", {"run_id": uuid.UUID(int=9)}),
]

TRIED = sorted({row[0] for row in BAD_ROWS})


def insert(sql: Any, table: str, columns: dict[str, Any]) -> None:
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(columns.values()))


@pytest.fixture
def run(sql: Any) -> None:
    insert(sql, "migration_runs", {**GOOD["migration_runs"], "id": RUN})


@pytest.mark.parametrize("table", GOOD)
def test_a_good_row_is_accepted(sql: Any, run: None, table: str) -> None:
    insert(sql, table, GOOD[table])


@pytest.mark.parametrize(
    ("constraint", "table", "changes"),
    BAD_ROWS,
    ids=[f"{name}-{number}" for number, (name, _, _) in enumerate(BAD_ROWS)],
)
def test_a_bad_row_is_refused(
    sql: Any, refused: Any, run: None, constraint: str, table: str, changes: dict[str, Any]
) -> None:
    with refused(constraint):
        insert(sql, table, {**GOOD[table], **changes})
