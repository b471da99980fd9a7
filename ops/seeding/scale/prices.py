"""Marks of the whole time and quotes of its last days, from the paths that the trades were made on."""

from collections.abc import Iterator
from random import Random

from ops.seeding.scale.market import Market, Markets
from ops.seeding.scale.tables import INSTRUMENT_MARKS, LP_QUOTES, Table
from ops.seeding.scale.wire import DAY, MILLISECOND, MINUTE, moment

#: Quotes are kept for a short time only, as elsewhere.
QUOTE_DAYS = 14
QUOTES_PER_SCALE = 200_000
CHUNK = 50_000
#: A quote that is older on arrival is stale.
STALE_AFTER = 250 * MILLISECOND


def marks(markets: Markets, *, scale: float, start: int, end: int) -> Iterator[dict[Table, list[str]]]:
    """A mark of every open market at whole multiples of the interval, half an hour at scale 1."""
    interval = max(1, round(30 / scale)) * MINUTE
    lines: list[str] = []
    for micros in range(-(-start // interval) * interval, end, interval):
        now = moment(micros)
        for market in markets.all:
            if market.open_from(micros) == micros:
                mid, half = market.ticks_at(micros), max(1, market.spread // 2)
                bid, ask = mid - half, mid + half
                tick = market.tick
                lines.append(
                    f"{market.id}\t{now}\t{mid * tick}e-8\t{bid * tick}e-8\t{ask * tick}e-8\tsimulation\t{now}\n"
                )
        if len(lines) >= CHUNK:
            yield {INSTRUMENT_MARKS: lines}
            lines = []
    yield {INSTRUMENT_MARKS: lines}


def quotes(markets: Markets, *, scale: float, end: int, random: Random) -> Iterator[dict[Table, list[str]]]:
    """Top of book of every provider and market, in the order of arrival, over the last `QUOTE_DAYS`."""
    sources: list[tuple[Market, str]] = [(market, key) for market in markets.all for key, _ in market.providers]
    coins = [source for source in sources if source[0].is_crypto]
    number = max(1, round(QUOTES_PER_SCALE * scale))
    span, chance, lines = QUOTE_DAYS * DAY, random.random, []
    for sequence in range(1, number + 1):
        micros = end - span + int(span * (sequence - chance()) / number)
        market, provider = sources[int(len(sources) * chance())]
        if market.open_from(micros) != micros:
            market, provider = coins[int(len(coins) * chance())]
        delay = int(80 * MILLISECOND * chance()) if chance() < 0.995 else 3 * STALE_AFTER
        middle = market.ticks_at(micros) + int(market.spread * (chance() - 0.5))
        bid = middle - market.spread // 3
        ask = bid + 1 + int(market.spread * chance())
        tick = market.tick
        lines.append(
            f"{moment(micros)}\t{moment(micros + delay)}\t{sequence}\t{provider}\t{market.id}"
            f"\t{'t' if delay > STALE_AFTER else 'f'}\t{bid * tick}e-8\t{ask * tick}e-8\t{1 + int(50 * chance())}"
            f"\t{1 + int(50 * chance())}\n"
        )
        if len(lines) >= CHUNK:
            yield {LP_QUOTES: lines}
            lines = []
    yield {LP_QUOTES: lines}
