"""The legal changes of an order's status are data that a migration writes and nobody else."""

from typing import Any

import pytest

from trading.choices import DEAD_STATUSES, LIVE_STATUSES, OrderStatus

LEGAL = {
    "none": "pending_new new rejected",
    "pending_new": "new rejected partially_filled filled pending_cancel canceled expired",
    "new": "partially_filled filled done_for_day pending_cancel pending_replace rejected stopped canceled"
    " expired suspended",
    "partially_filled": "partially_filled filled done_for_day pending_cancel pending_replace canceled expired"
    " suspended new",
    "filled": "partially_filled new pending_replace",
    "done_for_day": "partially_filled new canceled expired calculated",
    "pending_cancel": "new partially_filled filled canceled expired",
    "pending_replace": "new partially_filled filled canceled pending_cancel expired",
    "stopped": "partially_filled filled canceled",
    "suspended": "new partially_filled pending_cancel canceled expired",
}

INSERT = "INSERT INTO order_status_transitions (from_status, to_status, exec_type) VALUES (%s, %s, %s)"


def test_every_legal_change_is_there_and_no_other(sql: Any) -> None:
    rows = sql("SELECT DISTINCT from_status, to_status FROM order_status_transitions")
    assert {(row["from_status"], row["to_status"]) for row in rows if row["from_status"] != row["to_status"]} | {
        ("partially_filled", "partially_filled")
    } == {(before, after) for before, statuses in LEGAL.items() for after in statuses.split()}


def test_what_stays_while_something_else_changes(sql: Any) -> None:
    rows = sql("SELECT from_status, exec_type FROM order_status_transitions WHERE from_status = to_status")
    kinds: dict[str, set[str]] = {}
    for row in rows:
        kinds.setdefault(row["exec_type"], set()).add(row["from_status"])
    may_be_filled = {"partially_filled", "pending_cancel", "pending_replace"}
    has_fills = may_be_filled | {"done_for_day", "suspended", "canceled", "expired", "calculated"}
    assert kinds == {
        "trade": may_be_filled,
        "trade_cancel": has_fills,
        "trade_correct": has_fills | {"filled"},
        "restated": {*LIVE_STATUSES, "filled"},
    }


def test_only_a_bust_makes_a_fill_undone(sql: Any) -> None:
    rows = sql("SELECT * FROM order_status_transitions WHERE exec_type = 'trade_cancel' AND from_status <> to_status")
    assert {(row["from_status"], row["to_status"]) for row in rows} == {
        ("partially_filled", "new"),
        ("filled", "partially_filled"),
        ("filled", "new"),
    }


def test_every_status_is_either_live_or_dead() -> None:
    assert sorted([*LIVE_STATUSES, *DEAD_STATUSES]) == sorted(OrderStatus)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO order_status_transitions (from_status, to_status) VALUES ('canceled', 'new')",
        "UPDATE order_status_transitions SET to_status = 'new'",
        "DELETE FROM order_status_transitions",
    ],
)
def test_application_only_reads_them(sql: Any, refused: Any, statement: str) -> None:
    with refused("permission denied for table order_status_transitions"):
        sql(statement)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("constraint", "transition"),
    [
        ("order_status_transitions_change_uniq", ("new", "filled", "trade")),
        ("order_status_transitions_from_status_check", ("unborn", "new", "new")),
        ("order_status_transitions_to_status_check", ("new", "none", "new")),
        ("order_status_transitions_exec_type_check", ("canceled", "new", "fill")),
    ],
)
def test_bad_transition_is_refused_even_to_the_owner(
    owner_sql: Any, refused: Any, constraint: str, transition: tuple[str, str, str]
) -> None:
    with refused(constraint):
        owner_sql(INSERT, transition)
