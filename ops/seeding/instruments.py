"""The fifteen instruments, with the contract terms that their markets use, and when they are open."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ops.seeding.additions import Additions
from ops.seeding.reference import RETAIL_LEVERAGE, RETAIL_MARGIN
from trading.choices import EsmaClass, InstrumentType, SessionKind, Weekday
from trading.models import Instrument, InstrumentSession


class Sessions(NamedTuple):
    """A week of trading: minutes from midnight in `zone`, per ISO weekday, as in `InstrumentSession`."""

    zone: str
    published: str
    #: (weekday, start, end), the end excluded.
    weekly: list[tuple[int, int, int]]
    holidays: bool


def _hours(hour: int) -> int:
    return 60 * hour


_WORKING_WEEK = [Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY]
_EVERY_DAY = [(int(day), 0, _hours(24)) for day in Weekday]

#: Around the clock from Sunday 17:00 to Friday 17:00 in New York.
FOREX_WEEK = Sessions(
    "America/New_York",
    "Sunday 17:00 to Friday 17:00 New York time",
    [
        (Weekday.SUNDAY, _hours(17), _hours(24)),
        *[(int(day), 0, _hours(24)) for day in _WORKING_WEEK],
        (Weekday.FRIDAY, 0, _hours(17)),
    ],
    holidays=True,
)

#: As the futures on which these prices stand: the same week, with a break from 17:00 to 18:00 every day.
FUTURES_WEEK = Sessions(
    "America/New_York",
    "Sunday 18:00 to Friday 17:00 New York time, closed daily from 17:00 to 18:00",
    [
        (Weekday.SUNDAY, _hours(18), _hours(24)),
        *[
            (int(day), start, end)
            for day in _WORKING_WEEK
            for start, end in ((0, _hours(17)), (_hours(18), _hours(24)))
        ],
        (Weekday.FRIDAY, 0, _hours(17)),
    ],
    holidays=True,
)

ALWAYS = Sessions("UTC", "24 hours, every day", _EVERY_DAY, holidays=False)

#: Whole days without trading outside the crypto markets.
HOLIDAYS = [
    (date(2025, 12, 25), "Christmas Day"),
    (date(2026, 1, 1), "New Year's Day"),
    (date(2026, 12, 25), "Christmas Day"),
    (date(2027, 1, 1), "New Year's Day"),
    (date(2027, 12, 25), "Christmas Day"),
    (date(2028, 1, 1), "New Year's Day"),
]


class InstrumentRow(NamedTuple):
    """Prices in quote currency, quantities in contracts, swaps per night as ratios of the notional."""

    symbol: str
    name: str
    type: InstrumentType
    base: str | None
    quote: str
    tick: str
    min_quantity: str
    max_quantity: str
    step: str
    contract_size: int
    esma_class: EsmaClass
    swap_long: str
    swap_short: str
    cfi: str
    sessions: Sessions


_FX, _CRYPTO, _COMMODITY, _INDEX = (
    InstrumentType.FOREX,
    InstrumentType.CRYPTO,
    InstrumentType.COMMODITY,
    InstrumentType.INDEX,
)
_MAJOR, _MINOR, _RAW, _COIN = (
    EsmaClass.FX_MAJOR,
    EsmaClass.FX_MINOR_GOLD_INDEX,
    EsmaClass.COMMODITY,
    EsmaClass.CRYPTO,
)
#: ISO 10962: forwards (J) on exchange rates, equity indices, metals, energy and others; contracts for difference (C)
#: that are settled in cash (C).
_CFD_FX, _CFD_INDEX, _CFD_METAL, _CFD_ENERGY, _CFD_OTHER = "JFTXCC", "JEIXCC", "JTKXCC", "JTJXCC", "JTMXCC"

# ESMA counts USD, EUR, JPY, GBP, CAD and CHF as major: the Australian dollar makes a minor pair, silver is a
# commodity other than gold.
# fmt: off
INSTRUMENTS = [
    InstrumentRow("EURUSD", "Euro / US Dollar", _FX, "EUR", "USD",
                  "0.00001", "0.01", "100", "0.01", 100_000, _MAJOR, "-0.00007", "0.00002", _CFD_FX, FOREX_WEEK),
    InstrumentRow("GBPUSD", "British Pound / US Dollar", _FX, "GBP", "USD",
                  "0.00001", "0.01", "100", "0.01", 100_000, _MAJOR, "-0.00003", "-0.00002", _CFD_FX, FOREX_WEEK),
    InstrumentRow("USDJPY", "US Dollar / Japanese Yen", _FX, "USD", "JPY",
                  "0.001", "0.01", "100", "0.01", 100_000, _MAJOR, "0.00008", "-0.00015", _CFD_FX, FOREX_WEEK),
    InstrumentRow("AUDUSD", "Australian Dollar / US Dollar", _FX, "AUD", "USD",
                  "0.00001", "0.01", "100", "0.01", 100_000, _MINOR, "-0.00004", "-0.00001", _CFD_FX, FOREX_WEEK),
    InstrumentRow("BTCUSD", "Bitcoin / US Dollar", _CRYPTO, "BTC", "USD",
                  "0.01", "0.00001", "100", "0.00001", 1, _COIN, "-0.0005", "-0.0005", _CFD_OTHER, ALWAYS),
    InstrumentRow("ETHUSD", "Ether / US Dollar", _CRYPTO, "ETH", "USD",
                  "0.01", "0.0001", "1000", "0.0001", 1, _COIN, "-0.0005", "-0.0005", _CFD_OTHER, ALWAYS),
    InstrumentRow("BNBUSD", "BNB / US Dollar", _CRYPTO, "BNB", "USD",
                  "0.01", "0.001", "5000", "0.001", 1, _COIN, "-0.0006", "-0.0006", _CFD_OTHER, ALWAYS),
    InstrumentRow("XRPUSD", "XRP / US Dollar", _CRYPTO, "XRP", "USD",
                  "0.0001", "0.1", "1000000", "0.1", 1, _COIN, "-0.0006", "-0.0006", _CFD_OTHER, ALWAYS),
    InstrumentRow("SOLUSD", "Solana / US Dollar", _CRYPTO, "SOL", "USD",
                  "0.01", "0.001", "20000", "0.001", 1, _COIN, "-0.0006", "-0.0006", _CFD_OTHER, ALWAYS),
    InstrumentRow("XAUUSD", "Gold / US Dollar", _COMMODITY, "XAU", "USD",
                  "0.01", "0.01", "50", "0.01", 100, _MINOR, "-0.00018", "0.00006", _CFD_METAL, FUTURES_WEEK),
    InstrumentRow("XAGUSD", "Silver / US Dollar", _COMMODITY, "XAG", "USD",
                  "0.001", "0.01", "50", "0.01", 5_000, _RAW, "-0.00018", "0.00005", _CFD_METAL, FUTURES_WEEK),
    InstrumentRow("WTICOUSD", "West Texas Intermediate Crude Oil", _COMMODITY, None, "USD",
                  "0.01", "0.01", "100", "0.01", 1_000, _RAW, "-0.00012", "-0.00008", _CFD_ENERGY, FUTURES_WEEK),
    InstrumentRow("SPX500USD", "S&P 500 Index", _INDEX, None, "USD",
                  "0.1", "0.1", "1000", "0.1", 1, _MINOR, "-0.0002", "0.00004", _CFD_INDEX, FUTURES_WEEK),
    InstrumentRow("NAS100USD", "Nasdaq-100 Index", _INDEX, None, "USD",
                  "0.1", "0.1", "500", "0.1", 1, _MINOR, "-0.0002", "0.00004", _CFD_INDEX, FUTURES_WEEK),
    InstrumentRow("US30USD", "Dow Jones Industrial Average", _INDEX, None, "USD",
                  "1", "0.1", "500", "0.1", 1, _MINOR, "-0.0002", "0.00004", _CFD_INDEX, FUTURES_WEEK),
]
# fmt: on


def add_instruments(added: Additions) -> dict[str, Instrument]:
    """The instruments by symbol, and their sessions where an instrument has none yet."""
    instruments = {}
    for row in INSTRUMENTS:
        instrument = added.ensure(
            Instrument,
            {"symbol": row.symbol},
            display_name=row.name,
            instrument_type=row.type,
            base_currency_id=row.base,
            quote_currency_id=row.quote,
            tick_size=Decimal(row.tick),
            min_quantity=Decimal(row.min_quantity),
            max_quantity=Decimal(row.max_quantity),
            quantity_step=Decimal(row.step),
            contract_size=row.contract_size,
            leverage_max=RETAIL_LEVERAGE[row.esma_class],
            margin_rate=RETAIL_MARGIN[row.esma_class],
            swap_long=Decimal(row.swap_long),
            swap_short=Decimal(row.swap_short),
            cfi_code=row.cfi,
            esma_class=row.esma_class,
            time_zone=row.sessions.zone,
            trading_hours={"sessions": row.sessions.published, "time_zone": row.sessions.zone},
        )
        instruments[row.symbol] = instrument
        if not InstrumentSession.objects.filter(instrument=instrument).exists():
            for session in _sessions(row.sessions):
                added.add(InstrumentSession, instrument=instrument, **session)
    return instruments


def _sessions(sessions: Sessions) -> Iterator[dict[str, object]]:
    for weekday, start, end in sessions.weekly:
        yield {"kind": SessionKind.WEEKLY, "weekday": weekday, "start_minute": start, "end_minute": end}
    if sessions.holidays:
        for holiday, name in HOLIDAYS:
            yield {"kind": SessionKind.HOLIDAY, "holiday_date": holiday, "name": name}
