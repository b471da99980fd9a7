"""Fifteen prices that move at random, and the weeks in which their markets are open."""

from math import exp
from random import Random
from typing import NamedTuple

from config.commands import Failed
from liquidity.models import LpInstrument
from ops.seeding.fees import EVERY_GROUP, FEES, VIP, FeeRow
from ops.seeding.scale.wire import DAY, HOUR, MINUTE, UNIT
from trading.choices import InstrumentType
from trading.models import Instrument

#: A price keeps still for this long.
STEP = 10 * MINUTE
#: The weekend of the markets other than crypto: Friday 22:00 to Sunday 22:00 in UTC, from Monday 0:00.
_WEEK, _CLOSE, _OPEN = 7 * DAY, 4 * DAY + 22 * HOUR, 6 * DAY + 22 * HOUR
#: The first Monday after 1 January 1970.
_MONDAY = 4 * DAY


class Nature(NamedTuple):
    """How a price moves: where it starts, its volatility per year, and its usual spread in ticks."""

    start: float
    volatility: float
    spread: int


NATURES = {
    "EURUSD": Nature(1.0850, 0.08, 8),
    "GBPUSD": Nature(1.2700, 0.09, 12),
    "USDJPY": Nature(149.50, 0.10, 9),
    "AUDUSD": Nature(0.6550, 0.10, 10),
    "BTCUSD": Nature(64_000, 0.55, 800),
    "ETHUSD": Nature(3_100, 0.65, 90),
    "BNBUSD": Nature(560, 0.60, 25),
    "XRPUSD": Nature(0.62, 0.75, 6),
    "SOLUSD": Nature(145, 0.80, 7),
    "XAUUSD": Nature(2_350, 0.14, 30),
    "XAGUSD": Nature(28.5, 0.28, 20),
    "WTICOUSD": Nature(78, 0.35, 3),
    "SPX500USD": Nature(5_250, 0.16, 5),
    "NAS100USD": Nature(18_400, 0.20, 12),
    "US30USD": Nature(39_200, 0.14, 3),
}

_YEAR = 365 * DAY


class Market:
    """One instrument: its terms, its providers, and its price for all of the simulated time.

    `path` is in ticks, one price per `STEP`; `tick`, `step` and the quantities are in units of 1e-8.
    """

    __slots__ = (
        "contract_size", "esma_class", "fees", "id", "is_crypto", "is_forex", "margin_rate", "maximum", "minimum",
        "path", "providers", "quote_currency", "spread", "start", "step", "swap_long", "swap_short", "symbol", "tick",
    )  # fmt: skip

    def __init__(
        self, instrument: Instrument, providers: list[tuple[str, str]], *, start: int, end: int, random: Random
    ) -> None:
        nature = NATURES[instrument.symbol]
        kind = InstrumentType(instrument.instrument_type)
        self.id = instrument.pk.hex
        self.symbol = instrument.symbol
        self.is_crypto = kind == InstrumentType.CRYPTO
        self.is_forex = kind == InstrumentType.FOREX
        self.quote_currency = instrument.quote_currency_id
        self.tick = int(instrument.tick_size * UNIT)
        self.step = int(instrument.quantity_step * UNIT)
        self.minimum = int(instrument.min_quantity * UNIT)
        self.maximum = int(instrument.max_quantity * UNIT)
        self.contract_size = float(instrument.contract_size)
        self.margin_rate = float(instrument.margin_rate)
        self.swap_long, self.swap_short = float(instrument.swap_long), float(instrument.swap_short)
        self.fees = {group: _numbers(FEES[kind, group]) for group in (EVERY_GROUP, VIP)}
        #: (key, name)
        self.providers = providers
        self.spread = nature.spread
        self.start = start
        self.path = self._walk(nature, (end - start) // STEP + 2, random)

    def _walk(self, nature: Nature, steps: int, random: Random) -> list[int]:
        """A geometric random walk; away from its start it is drawn back a little, so that it stays plausible."""
        sigma = nature.volatility * (STEP / _YEAR) ** 0.5
        logarithm, path = 0.0, []
        ticks = nature.start * UNIT / self.tick
        for _ in range(steps):
            path.append(max(nature.spread * 4, round(ticks * exp(logarithm))))
            logarithm += random.gauss(0, sigma) - logarithm * 0.0005
        return path

    def ticks_at(self, micros: int) -> int:
        """The middle of the market, in ticks."""
        return self.path[(micros - self.start) // STEP]

    def open_from(self, micros: int) -> int:
        """That moment if the market is open then, else the moment of the next Sunday's opening or shortly after."""
        if self.is_crypto:
            return micros
        phase = (micros - _MONDAY) % _WEEK
        if _CLOSE <= phase < _OPEN:
            # Spread over the first hour, so that not all who waited come in one instant.
            return micros - phase + _OPEN + (phase - _CLOSE) // 48
        return micros


def _numbers(row: FeeRow) -> tuple[float, float]:
    return float(row.commission_rate), float(row.commission_per_lot)


class Markets:
    """All markets, and the exchange rates that their prices give."""

    def __init__(self, *, start: int, end: int, random: Random) -> None:
        """Raises `Failed` where a seeded instrument, or every provider of it, has been deleted."""
        offers: dict[str, list[tuple[str, str]]] = {}
        for offer in LpInstrument.objects.select_related("provider").order_by("provider__name"):
            offers.setdefault(offer.instrument_id.hex, []).append((offer.provider_id.hex, offer.provider.name))
        self.all = [
            Market(instrument, offers[instrument.pk.hex], start=start, end=end, random=random)
            for instrument in Instrument.objects.filter(symbol__in=NATURES).order_by("symbol")
            if instrument.pk.hex in offers
        ]
        self.by_symbol = {market.symbol: market for market in self.all}
        if missing := sorted(set(NATURES) - set(self.by_symbol)):
            raise Failed(
                f"The simulation needs all seeded instruments, but {', '.join(missing)} or its providers were deleted:"
                " start from an empty database with --reset."
            )

    def per_dollar(self, currency: str, micros: int) -> float:
        """How much of `currency` (USD, EUR, GBP or JPY) one US dollar is."""
        if currency == "USD":
            return 1.0
        if currency == "JPY":
            market = self.by_symbol["USDJPY"]
            return market.ticks_at(micros) * market.tick / UNIT
        market = self.by_symbol[f"{currency}USD"]
        return UNIT / (market.ticks_at(micros) * market.tick)
