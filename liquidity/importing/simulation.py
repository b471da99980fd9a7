"""Quotes for machines without real data: a geometric random walk, the same for the same seed."""

import math
import random
from datetime import datetime, timedelta
from decimal import Decimal

from liquidity.importing.rows import Batch, Rows

#: Where the walk begins, in quote currency. Only the order of magnitude matters.
TYPICAL_PRICES = {
    "EURUSD": 1.1,
    "GBPUSD": 1.27,
    "USDJPY": 145.0,
    "AUDUSD": 0.67,
    "BTCUSD": 43_000.0,
    "ETHUSD": 2_300.0,
    "BNBUSD": 310.0,
    "XRPUSD": 0.6,
    "SOLUSD": 100.0,
    "XAUUSD": 2_050.0,
    "XAGUSD": 23.5,
    "WTICOUSD": 72.0,
    "SPX500USD": 4_750.0,
    "NAS100USD": 16_700.0,
    "US30USD": 37_500.0,
}
#: Steps of the price grid that the walk of an unknown instrument begins at.
UNKNOWN_PRICE_TICKS = 100_000
#: Standard deviation of one step: with two steps a second about 9 % a year.
STEP_DEVIATION = 0.000_012
MEAN_STEP = timedelta(milliseconds=500)
WIDEST_SPREAD_BPS = 2.0
BATCH = 10_000


def simulated(*, symbol: str, tick_size: Decimal, count: int, seed: int, start: datetime) -> Rows:
    """Yield `count` quotes on the instrument's price grid from `start` (UTC) on.

    Steps are exponential in time and normal in the logarithm of the price; the spread is at least one tick.
    """
    walk = random.Random(f"{symbol}:{seed}")  # noqa: S311 - reproducible, not secret
    decimals = max(-int(tick_size.normalize().as_tuple().exponent), 0)
    units_per_tick, units = int(tick_size.scaleb(decimals)), 10**decimals
    tick = float(tick_size)
    price = TYPICAL_PRICES.get(symbol, tick * UNKNOWN_PRICE_TICKS)
    pace = 1 / MEAN_STEP.total_seconds()
    moment = start.replace(microsecond=start.microsecond // 1000 * 1000)

    def text(ticks: int) -> str:
        whole, fraction = divmod(ticks * units_per_tick, units)
        return f"{whole}.{fraction:0{decimals}d}" if decimals else str(whole)

    moments: list[datetime] = []
    lines: list[str] = []
    for _ in range(count):
        moment += timedelta(milliseconds=1 + int(walk.expovariate(pace) * 1000))
        price *= math.exp(walk.gauss(0, STEP_DEVIATION))
        spread = walk.randint(1, max(1, round(price * WIDEST_SPREAD_BPS / 10_000 / tick)))
        bid = max(1, round(price / tick) - spread // 2)
        moments.append(moment)
        lines.append(f"{moment}\t{text(bid)}\t{text(bid + spread)}\n")
        if len(lines) == BATCH:
            yield Batch(moments, "".join(lines))
            moments, lines = [], []
    if lines:
        yield Batch(moments, "".join(lines))
