"""Breaches are append-only but for their resolution, which is written once."""

from decimal import Decimal
from typing import Any

import pytest

from tests.rows import accounts, risk

RESOLVE = """
    UPDATE risk_limit_breaches
       SET resolved_at = now(), resolved_by_id = %s, resolution_note = %s
     WHERE id = %s
"""


def test_a_breach_says_how_far_beyond_the_limit(db: None) -> None:
    breach = risk.risk_limit_breach(limit_value=80, actual_value=100)
    breach.refresh_from_db()
    assert breach.breach_percentage == Decimal("25.0000")


def test_a_breach_of_a_limit_of_nothing_is_refused_in_words(sql: Any, refused: Any) -> None:
    with refused("risk_limit_breaches_limit_value_positive_check"):
        risk.risk_limit_breach(limit_value=0)


def test_a_breach_is_resolved(sql: Any) -> None:
    breach, person = risk.risk_limit_breach(), accounts.user()
    sql(RESOLVE, [person.id, "Position closed.", breach.id])
    breach.refresh_from_db()
    assert (breach.resolved_by_id, breach.resolution_note) == (person.id, "Position closed.")
    assert breach.resolved_at is not None


def test_a_resolution_is_final(sql: Any, refused: Any) -> None:
    breach, person = risk.risk_limit_breach(), accounts.user()
    sql(RESOLVE, [person.id, "Position closed.", breach.id])
    with refused("risk_limit_breaches_append_only"):
        sql(RESOLVE, [person.id, "Something else.", breach.id])
    with refused("risk_limit_breaches_append_only"):
        sql("UPDATE risk_limit_breaches SET resolved_at = NULL WHERE id = %s", [breach.id])


def test_a_note_without_a_resolution_is_refused(sql: Any, refused: Any) -> None:
    breach = risk.risk_limit_breach()
    with refused("risk_limit_breaches_append_only"):
        sql("UPDATE risk_limit_breaches SET resolution_note = 'seen' WHERE id = %s", [breach.id])


def test_the_application_may_change_nothing_else(sql: Any, refused: Any) -> None:
    breach = risk.risk_limit_breach()
    with refused("permission denied for table risk_limit_breaches"):
        sql("UPDATE risk_limit_breaches SET actual_value = 1 WHERE id = %s", [breach.id])
    with refused("permission denied for table risk_limit_breaches"):
        sql("DELETE FROM risk_limit_breaches WHERE id = %s", [breach.id])


@pytest.mark.parametrize("change", ["actual_value = 1", "metadata = '{\"x\": 1}'", "created_at = '2020-01-01'"])
def test_the_owner_may_change_nothing_beside_a_resolution(change: str, live_database: Any) -> None:
    breach, person = risk.risk_limit_breach(), accounts.user()
    with (
        live_database.connect(owner=True) as owner,
        pytest.raises(Exception, match="may only be resolved, once"),
    ):
        owner.execute(
            f"UPDATE risk_limit_breaches SET resolved_at = now(), resolved_by_id = %s, {change} WHERE id = %s",
            [person.id, breach.id],
        )


@pytest.mark.parametrize("statement", ["DELETE FROM risk_limit_breaches", "TRUNCATE risk_limit_breaches"])
def test_the_owner_may_not_remove_a_breach(statement: str, live_database: Any) -> None:
    risk.risk_limit_breach()
    with live_database.connect(owner=True) as owner, pytest.raises(Exception, match="is append-only"):
        owner.execute(statement)
