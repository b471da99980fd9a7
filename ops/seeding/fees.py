"""What trading costs, per instrument and group of accounts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from ops.seeding.additions import Additions
from trading.choices import InstrumentType, Weekday
from trading.models import FeeSchedule, Instrument

VALID_FROM = datetime(2024, 1, 1, tzinfo=UTC)
EVERY_GROUP, VIP = "", "vip"


class FeeRow(NamedTuple):
    #: Ratio of the notional, per side.
    commission_rate: str
    #: US dollars per contract, per side.
    commission_per_lot: str
    #: Basis points of the price.
    markup_bps: str


FEES = {
    (InstrumentType.FOREX, EVERY_GROUP): FeeRow("0", "3.50", "0.5"),
    (InstrumentType.FOREX, VIP): FeeRow("0", "2.00", "0.1"),
    (InstrumentType.CRYPTO, EVERY_GROUP): FeeRow("0.001", "0", "10"),
    (InstrumentType.CRYPTO, VIP): FeeRow("0.0005", "0", "4"),
    (InstrumentType.COMMODITY, EVERY_GROUP): FeeRow("0", "5.00", "1.5"),
    (InstrumentType.COMMODITY, VIP): FeeRow("0", "3.00", "0.5"),
    (InstrumentType.INDEX, EVERY_GROUP): FeeRow("0", "0", "1"),
    (InstrumentType.INDEX, VIP): FeeRow("0", "0", "0.3"),
}

#: The night of which the week-end's swap is booked: spot forex and metals settle two days later; cash markets on the
#: day. Crypto trades at the week-end too, but its swap is booked on working days.
TRIPLE_SWAP = {
    InstrumentType.FOREX: Weekday.WEDNESDAY,
    InstrumentType.COMMODITY: Weekday.WEDNESDAY,
    InstrumentType.INDEX: Weekday.FRIDAY,
    InstrumentType.CRYPTO: Weekday.FRIDAY,
}


def add_fees(added: Additions, instruments: dict[str, Instrument]) -> None:
    """A schedule for everybody and a cheaper one for VIP accounts, per instrument."""
    for instrument in instruments.values():
        kind = InstrumentType(instrument.instrument_type)
        for group in (EVERY_GROUP, VIP):
            row = FEES[kind, group]
            added.ensure(
                FeeSchedule,
                {"instrument": instrument, "account_group": group},
                commission_rate=Decimal(row.commission_rate),
                commission_per_lot=Decimal(row.commission_per_lot),
                commission_currency_id="USD",
                markup_bps=Decimal(row.markup_bps),
                swap_long=instrument.swap_long,
                swap_short=instrument.swap_short,
                triple_swap_weekday=TRIPLE_SWAP[kind],
                valid_from=VALID_FROM,
            )
