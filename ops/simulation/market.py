"""The prices that a simulated day moves along: the latest quotes of every instrument that has some."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from config.commands import Failed

#: Moments of a simulated day. Every instrument's quotes are spread over all of it.
DAY = 1000.0
#: Quotes of an instrument at most: the latest.
LONGEST_PATH = 5_000
#: In how many moments a price has gone far enough for a resting order to be interesting.
STRIDE = 20


@dataclass(frozen=True, kw_only=True)
class Path:
    """An instrument, and its bids and asks over the day in ticks; quantities in contracts."""

    instrument_id: UUID
    symbol: str
    quote_currency: str
    base_currency: str | None
    provider_id: UUID
    tick_size: Decimal
    quantity_step: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    bids: list[int]
    asks: list[int]

    def place(self, at: float) -> int:
        """The number of the quote that holds at a moment."""
        return min(max(int(at / DAY * len(self.bids)), 0), len(self.bids) - 1)

    def bid(self, at: float) -> int:
        return self.bids[self.place(at)]

    def ask(self, at: float) -> int:
        return self.asks[self.place(at)]

    def price(self, ticks: int) -> Decimal:
        """In quote currency; at least one tick."""
        return max(ticks, 1) * self.tick_size

    @property
    def swing(self) -> int:
        """How many ticks the bid moves in a stride, on average; at least 2."""
        stride = max(1, self.place(STRIDE))
        moves = [abs(self.bids[n] - self.bids[n - stride]) for n in range(stride, len(self.bids), stride)]
        return max(2, sum(moves) // max(1, len(moves)))

    def first(self, start: float, end: float, reached: Callable[[int, int], int | None]) -> tuple[float, int] | None:
        """The first moment from `start` to `end` at which `reached(bid, ask)` gives a price, and that price (ticks)."""
        for number in range(self.place(start), self.place(min(end, DAY)) + 1):
            price = reached(self.bids[number], self.asks[number])
            if price is not None:
                return max(start, number * DAY / len(self.bids)), price
        return None


# One look into the index (instrument, provider, quoted_at) for each pair; of several providers the first by name.
_SOURCES = """
    SELECT DISTINCT ON (symbol) instruments.id, symbol, quote_currency, base_currency, providers.id,
           tick_size, quantity_step, min_quantity, max_quantity
      FROM instruments CROSS JOIN liquidity_providers AS providers
     WHERE is_tradable AND instruments.is_active AND instruments.deleted_at IS NULL
       AND EXISTS (SELECT FROM lp_quotes WHERE instrument_id = instruments.id AND provider_id = providers.id)
     ORDER BY symbol, providers.name
"""
_QUOTES = """
    SELECT bid, ask FROM (
      SELECT bid, ask, quoted_at, id FROM lp_quotes
       WHERE instrument_id = %s AND provider_id = %s AND NOT is_stale
       ORDER BY quoted_at DESC, id DESC LIMIT %s) AS latest
     ORDER BY quoted_at, id
"""


def read_market() -> list[Path]:
    """The paths of all instruments that are traded and quoted, by symbol.

    Raises Failed where there are no quotes.
    """
    paths = []
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES)
        for row in cursor.fetchall():
            instrument_id, symbol, quote_currency, base_currency, provider_id, tick, step, smallest, largest = row
            cursor.execute(_QUOTES, [instrument_id, provider_id, LONGEST_PATH])
            quotes = [(max(1, int(bid / tick)), max(1, -int(-ask // tick))) for bid, ask in cursor.fetchall()]
            if quotes:
                paths.append(
                    Path(
                        instrument_id=instrument_id,
                        symbol=symbol,
                        quote_currency=quote_currency,
                        base_currency=base_currency,
                        provider_id=provider_id,
                        tick_size=tick,
                        quantity_step=step,
                        min_quantity=smallest,
                        max_quantity=largest,
                        bids=[bid for bid, _ in quotes],
                        asks=[ask for _, ask in quotes],
                    )
                )
    if not paths:
        raise Failed(
            "There are no quotes to trade on: load some, for instance by manage.py import_quotes --provider OANDA"
            " --instrument GBPUSD --format simulated --count 20000."
        )
    return paths


def convertible(market: list[Path], currency: str) -> bool:
    """Whether profit in every quote currency of the market can be converted into `currency`, as the database would."""
    pairs = {frozenset((path.base_currency, path.quote_currency)) for path in market}

    def pair(one: str, other: str) -> bool:
        return one == other or frozenset((one, other)) in pairs

    return all(
        pair(path.quote_currency, currency) or (pair(path.quote_currency, "USD") and pair("USD", currency))
        for path in market
    )
