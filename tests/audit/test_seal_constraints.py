"""What the chain of seals refuses, also to its owner."""

from typing import Any

import pytest

from tests.rows.audit import digest

pytestmark = pytest.mark.usefixtures("as_owner")

FIRST = {"kind": "start", "root": digest("root"), "hash": digest("first")}
#: Follows `FIRST`.
ROWS = {
    "kind": "rows",
    "sealed_table": "journals",
    "lo": 1,
    "hi": 10,
    "root": digest("root"),
    "previous_hash": digest("first"),
    "hash": digest("second"),
}
#: Follows `ROWS`.
NEXT = {**ROWS, "lo": 10, "hi": 20, "previous_hash": digest("second"), "hash": digest("third")}
CHUNK = {"seal_id": 2, "number": 0, "row_count": 1, "node": digest("node"), "keys": b"k" * 8, "prefixes": b"p" * 8}

#: (constraint, what is changed in `ROWS`)
BAD_SEALS: list[tuple[str, dict[str, Any]]] = [
    ("audit_seals_kind_check", {"kind": "wax", "lo": None, "hi": None}),
    ("audit_seals_period_check", {"hi": 1}),
    ("audit_seals_period_check", {"lo": None}),
    ("audit_seals_period_check", {"sealed_table": ""}),
    ("audit_seals_period_check", {"kind": "layout"}),
    ("audit_seals_row_count_not_negative_check", {"row_count": -1}),
    ("audit_seals_root_length_check", {"root": b"short"}),
    ("audit_seals_hash_length_check", {"hash": b""}),
    ("audit_seals_previous_hash_length_check", {"previous_hash": digest("first") + b"1"}),
    ("audit_seals_hash_uniq", {"hash": digest("first")}),
    ("audit_seals_previous_hash_fk", {"previous_hash": digest("of no seal")}),
    # The chain has one beginning, and does not fork.
    ("audit_seals_successor_uniq", {"previous_hash": None}),
]


def insert(sql: Any, table: str, columns: dict[str, Any]) -> None:
    marks = ", ".join(["%s"] * len(columns))
    sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", list(columns.values()))


def begin(sql: Any) -> None:
    """Write `FIRST`, behind the seal that another test may have committed."""
    last = sql("SELECT hash FROM audit_seals ORDER BY id DESC LIMIT 1")
    insert(sql, "audit_seals", {**FIRST, "previous_hash": last[0]["hash"] if last else None})


@pytest.mark.parametrize(("constraint", "changes"), BAD_SEALS)
def test_a_bad_seal_is_refused(sql: Any, refused: Any, constraint: str, changes: dict[str, Any]) -> None:
    begin(sql)
    with refused(constraint):
        insert(sql, "audit_seals", {**ROWS, **changes})


def test_seals_form_one_chain_over_all_tables(sql: Any, refused: Any) -> None:
    begin(sql)
    insert(sql, "audit_seals", ROWS)
    with refused("audit_seals_successor_uniq"):
        insert(sql, "audit_seals", {**NEXT, "previous_hash": digest("first")})
    insert(sql, "audit_seals", NEXT)
    other = {"sealed_table": "trades", "previous_hash": digest("third"), "hash": digest("fourth")}
    insert(sql, "audit_seals", {**NEXT, **other})


@pytest.mark.parametrize(("lo", "hi"), [(9, 20), (1, 10), (5, 6)])
def test_no_transaction_is_sealed_twice(sql: Any, refused: Any, lo: int, hi: int) -> None:
    begin(sql)
    insert(sql, "audit_seals", ROWS)
    with refused("audit_seals_transactions_excl"):
        insert(sql, "audit_seals", {**NEXT, "lo": lo, "hi": hi})
    # Another period of a partitioned table is sealed over the same transactions.
    insert(sql, "audit_seals", {**NEXT, "lo": lo, "hi": hi, "period": "2026-01-01"})


def test_a_bad_chunk_is_refused(sql: Any, refused: Any) -> None:
    insert(sql, "audit_seal_chunks", CHUNK)
    with refused("audit_seal_chunks_seal_uniq"):
        insert(sql, "audit_seal_chunks", CHUNK)
    with refused("audit_seal_chunks_node_length_check"):
        insert(sql, "audit_seal_chunks", {**CHUNK, "number": 1, "node": b"short"})
