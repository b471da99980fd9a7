"""What positions are worth, and what holding them costs. Set by set in the database, one round trip each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections, router

from trading.models import Position


@dataclass(frozen=True, kw_only=True)
class ValuationResult:
    """How many rows were valued or charged."""

    positions: int
    accounts: int


def mark_to_market(*, instrument_id: UUID | None = None, at: datetime | None = None) -> ValuationResult:
    """Value open positions (of an instrument, or all) at the latest marks of `at` (now) or before, and their accounts.

    A long position is worth what the bid gives, a short one what the ask does; margin is a share of the notional at the
    mid; all in the account's currency. What has no mark, or no price that converts it, or more value than the columns
    hold, stays as it is.
    """
    return _counted(
        "SELECT * FROM mark_to_market(%s, coalesce(%s, now()))",
        [instrument_id, at],
    )


def accrue_swaps(*, night: date) -> ValuationResult:
    """Book the swap of the night after the day `night` (UTC) for every open position, in one journal per account.

    Call it as soon as the night is over: a position counts with the quantity of now, and not if it was closed since.
    The rate is a ratio of the notional per night, from the fee schedule in force or else the instrument; three nights
    on the schedule's weekday, none at the week-end. An account's night is booked once, however often this is called.

    Raises IntegrityError if the night is not over (positions_swap_night_over), if no price converts a swap into the
    account's currency (instrument_marks_convert), or if one is too large to be booked (positions_swap_within_numbers).
    """
    return _counted("SELECT * FROM accrue_swaps(%s)", [night])


def charge_night(*, night: date) -> ValuationResult:
    """As `accrue_swaps`, also of a night that is not over: a simulated day ends when its owner says so.

    Only the schema's owner has the right (`connected_as_owner`); anybody else gets a ProgrammingError.
    """
    return _counted("SELECT * FROM charge_night(%s)", [night])


def _counted(statement: str, parameters: list[Any]) -> ValuationResult:
    with connections[router.db_for_write(Position)].cursor() as cursor:
        cursor.execute(statement, parameters)
        positions, accounts = cursor.fetchone()
    return ValuationResult(positions=positions, accounts=accounts)
