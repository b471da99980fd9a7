"""What venues report as executed, and what turns out to be wrong of it. The database does the work in one round trip.

A statement is atomic by itself. A rule that is broken comes as `django.db.IntegrityError`, whose cause names it
(`error.__cause__.diag.constraint_name`); `django.db.OperationalError` with SQLSTATE 40001 or 40P01 means that the whole
transaction is to be tried again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, router

from config.database.statements import prepared_cursor
from trading.choices import LiquidityType
from trading.errors import DuplicateExecution, OrderError, OrderNotFound, TradeNotFound
from trading.models import Trade

Result = TypeVar("Result")


@dataclass(frozen=True)
class FillResult:
    """What a fill did: its trades (a flip has two, the closing first), the position that it has left, and the journal.

    `realized_pnl` in the account's currency. `is_new` is False if the fill had been recorded before.
    """

    fill_id: UUID
    trade_ids: list[UUID]
    position_id: UUID
    realized_pnl: Decimal
    journal_id: UUID | None
    is_new: bool


@dataclass(frozen=True)
class BustResult:
    """What a bust did: the trades that undo those of the fill, the position that it has left, and the reversal.

    `realized_pnl` is what the busts change of the account's profit, in its currency.
    """

    order_id: UUID
    fill_id: UUID
    trade_ids: list[UUID]
    position_id: UUID
    realized_pnl: Decimal
    journal_id: UUID | None
    is_new: bool


@dataclass(frozen=True)
class CorrectionResult(FillResult):
    """The fill with the right terms; `realized_pnl` is the change that bust and fill make together."""

    busted_trade_ids: list[UUID]


#: Rules that are told better in a sentence of the caller's language; the database's message is one.
_SAID_PLAINLY: dict[str, type[OrderError]] = {
    "order_fills_execution_content": DuplicateExecution,
    "order_fills_order_id_fk": OrderNotFound,
    "trades_busts_id_fk": TradeNotFound,
}


APPLY_FILL = "apply_fill(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)"


def apply_fill(
    *,
    order_id: UUID,
    price: Decimal,
    quantity: Decimal,
    venue: str,
    execution_id: str,
    commission: Decimal = Decimal(0),
    liquidity_type: LiquidityType | str = LiquidityType.TAKER,
    executed_at: datetime | None = None,
    dealer: str = "",
    metadata: Mapping[str, Any] | None = None,
    actor: str = "",
    reason: str = "",
) -> FillResult:
    """Record an execution: it moves order, position, trades and ledger together; a venue's execution id counts once.

    `quantity` in contracts, `price` in quote currency, `commission` in the account's currency (negative: a rebate;
    rounded half to even to its decimals). `dealer` lets in a late fill of an order that is dead: it leaves the order as
    it is, but moves the rest. `metadata` go to the trades. Profit is converted at the latest price at the time of
    execution. The same report again gives what was done the first time.

    Raises OrderNotFound; DuplicateExecution if the execution id is taken by another content; IntegrityError if the
    order takes no fill (order_fills_order_takes_fill) or not this much (orders_filled_within_quantity_check), would
    make a position larger that it may only reduce (orders_reduce_only), or if no price converts the profit
    (instrument_marks_convert).
    """
    return call(
        FillResult,
        APPLY_FILL,
        [
            order_id,
            price,
            quantity,
            venue,
            execution_id,
            str(liquidity_type),
            executed_at,
            commission,
            dealer != "",
            dealer,
            json.dumps(dict(metadata or {})),
            actor,
            reason,
        ],
    )


def bust_trade(*, trade_id: UUID, reason: str, actor: str) -> BustResult:
    """Undo the fill of a trade, with all its trades: order and position go back, the journal is reversed.

    Quantity comes back at the price at which it was held, and goes at the price at which it came. It is the position
    that is open now which changes; where it has been closed since, another one is opened for the difference. Busting
    again gives what was done the first time.

    Raises TradeNotFound, also for a trade that is a bust itself; IntegrityError if the account does not hold any more
    what the bust takes back (trades_bust_within_position): the later trades are busted first.
    """
    return call(BustResult, "bust_trade(%s, %s, %s)", [trade_id, reason, actor])


def correct_trade(
    *,
    trade_id: UUID,
    price: Decimal,
    quantity: Decimal,
    reason: str,
    actor: str,
    commission: Decimal | None = None,
    execution_id: str | None = None,
) -> CorrectionResult:
    """Bust a trade and record its fill again with the right terms, under `execution_id` or one made from the fill's id.

    Without `commission` it stays. An order that is dead takes the fill as a late one, let in by the actor. Correcting
    again with the same terms gives what was done the first time. Raises what `bust_trade` and `apply_fill` raise.
    """
    return call(
        CorrectionResult,
        "correct_trade(%s, %s, %s, %s, %s, %s, %s)",
        [trade_id, price, quantity, reason, actor, commission, execution_id],
    )


def call(result: type[Result], function: str, parameters: Sequence[Any]) -> Result:
    """The one row of a function of the database."""
    with prepared_cursor(router.db_for_write(Trade)) as cursor:
        try:
            cursor.execute(f"SELECT {_names(result)} FROM {function}", parameters)
        except IntegrityError as error:
            diagnosis: Any = getattr(error.__cause__, "diag", None)
            plain = _SAID_PLAINLY.get(diagnosis.constraint_name) if diagnosis else None
            if plain is None:
                raise
            raise plain(f"{diagnosis.message_primary}. {diagnosis.message_hint}") from error
        return result(*cursor.fetchone())


def _names(result: type[Any]) -> str:
    """The columns of a result, in the order of its fields."""
    return ", ".join(field.name for field in fields(result))
