"""Placing and releasing legal holds: what keeps partitions from leaving."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from audit.models import LegalHold
from config.commands import Failed


def place_hold(
    *, table: str, held_from: datetime, held_until: datetime | None, reason: str, placed_by: str, tables: Sequence[str]
) -> LegalHold:
    """Keep the rows of a period of `table` (all, where it is empty), one of `tables`; `held_until` is not in it.

    Raises `Failed` for a table that is not cut by time, a period that ends before it begins, an empty reason or name.
    """
    if table and table not in tables:
        raise Failed(f"{table} is not cut by time, so none of it leaves; these are: {', '.join(tables)}.")
    if held_until is not None and held_until <= held_from:
        raise Failed("The period must end after it begins.")
    if not reason.strip() or not placed_by.strip():
        raise Failed("A hold needs a reason and the name of who wants it.")
    return LegalHold.objects.create(
        table_name=table, held_from=held_from, held_until=held_until, reason=reason, placed_by=placed_by
    )


def release_hold(*, hold: UUID, reason: str, released_by: str) -> LegalHold:
    """Let the rows leave when their time comes. Raises `Failed` for an unknown hold, or one that is released."""
    if not reason.strip() or not released_by.strip():
        raise Failed("A release needs a reason and the name of who decided it.")
    released = LegalHold.objects.filter(pk=hold, released_at__isnull=True).update(
        released_at=timezone.now(), released_by=released_by, release_reason=reason
    )
    if not released:
        raise Failed(f"There is no hold {hold} that is not released; legal_hold without options lists them.")
    return LegalHold.objects.get(pk=hold)


def holds(*, released: bool = False) -> QuerySet[LegalHold]:
    """The holds that keep something, or all, the oldest first."""
    found = LegalHold.objects.order_by("pk")
    return found if released else found.filter(released_at__isnull=True)
