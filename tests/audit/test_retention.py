"""Legal holds and the record of what has left: what the database refuses, whoever writes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from audit.models import LegalHold
from tests.rows.audit import digest, legal_hold, partition_departure

Refused = Callable[[str], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        ("legal_holds_period_check", {"held_until": datetime(2019, 1, 1, tzinfo=UTC)}),
        ("legal_holds_reason_check", {"reason": ""}),
        ("legal_holds_reason_check", {"placed_by": ""}),
        ("legal_holds_release_check", {"released_at": datetime(2026, 1, 1, tzinfo=UTC)}),
        ("legal_holds_release_check", {"released_by": "counsel", "release_reason": "Settled."}),
    ],
)
def test_a_hold_must_make_sense(constraint: str, columns: dict[str, Any], refused: Refused, db: None) -> None:
    with refused(constraint):
        legal_hold(**columns)


@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        ("partition_departures_period_check", {"period_until": datetime(2015, 1, 1, tzinfo=UTC)}),
        ("partition_departures_row_count_not_negative_check", {"row_count": -1}),
        ("partition_departures_content_hash_length_check", {"content_hash": b"short"}),
        ("partition_departures_file_check", {"file_name": ""}),
        ("partition_departures_file_check", {"file_bytes": None}),
        ("partition_departures_file_check", {"file_sha256": None}),
        ("partition_departures_file_check", {"file_sha256": b"short"}),
    ],
)
def test_a_departure_must_make_sense(
    constraint: str, columns: dict[str, Any], refused: Refused, as_owner: None, db: None
) -> None:
    with refused(constraint):
        partition_departure(**columns)


def test_two_departures_never_share_a_file(refused: Refused, as_owner: None, db: None) -> None:
    partition_departure(file_name="lp_quotes/same.parquet")
    with refused("partition_departures_file_uniq"):
        partition_departure(file_name="lp_quotes/same.parquet")
    for _ in range(2):
        partition_departure(file_name="", file_bytes=None, file_sha256=None)


def test_a_hold_is_released_once_and_nothing_else_of_it_changes(refused: Refused, db: None) -> None:
    hold = legal_hold()
    one = LegalHold.objects.filter(pk=hold.pk)
    release = {"released_at": timezone.now(), "released_by": "counsel", "release_reason": "Settled."}
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        one.update(held_from=datetime(2018, 1, 1, tzinfo=UTC), **release)
    one.update(**release)
    with refused("legal_holds_append_only"):
        one.update(**{**release, "released_by": "somebody else"})
    with refused("legal_holds_append_only"):
        LegalHold.objects.filter(pk=legal_hold().pk).update(released_at=None)


@pytest.mark.parametrize("table", ["", "lp_quotes"])
def test_a_held_period_does_not_leave(table: str, refused: Refused, as_owner: None, db: None) -> None:
    """The trigger is what keeps the partition: its drop is in the same transaction."""
    hold = legal_hold(table_name=table, held_from=datetime(2015, 1, 1, 23, 59, tzinfo=UTC), held_until=None)
    with refused("partition_departures_legal_hold"):
        partition_departure()
    partition_departure(
        partition_name="lp_quotes_p2014_12_31",
        period_from=datetime(2014, 12, 31, tzinfo=UTC),
        period_until=datetime(2015, 1, 1, tzinfo=UTC),
    )
    partition_departure(content_hash=digest("other rows"), table_name="portfolio_risk") if table else None
    LegalHold.objects.filter(pk=hold.pk).update(
        released_at=timezone.now(), released_by="counsel", release_reason="Settled."
    )
    partition_departure()
