"""What the holder of a position may change himself: where it is closed."""

from decimal import Decimal
from uuid import UUID

from config.database.statements import columns, one_statement, write
from trading.errors import PositionNotFound
from trading.models import Position
from trading.services.statements import ACTS

_SET_EXITS = f"""
    UPDATE positions SET stop_loss = %(stop_loss)s, take_profit = %(take_profit)s, trailing_stop = %(trailing_stop)s
     WHERE positions.id = %(position_id)s AND {ACTS}
    RETURNING {columns(Position)}
"""


@one_statement
def set_exits(
    *,
    position_id: UUID,
    stop_loss: Decimal | None = None,
    take_profit: Decimal | None = None,
    trailing_stop: Decimal | None = None,
    actor: str = "",
    reason: str = "",
) -> Position:
    """Give a position these exits, all of them (quote currency, `trailing_stop` a distance); what changes is an event.

    Raises PositionNotFound; IntegrityError if the position is closed (positions_closed_is_final) or the exits lie on
    the wrong sides of each other (positions_exits_by_side_check).
    """
    position = write(
        Position,
        _SET_EXITS,
        {
            "position_id": position_id,
            "stop_loss": stop_loss,
            "take_profit": take_profit,
            "trailing_stop": trailing_stop,
            "actor": actor,
            "reason": reason,
        },
    )
    if position is None:
        raise PositionNotFound(f"There is no position {position_id}: check the id.")
    return position
