"""What every side of the flow does: the lives of orders, one after the other, by traders with an account each."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from accounts.choices import AccountType, JournalKind, OmsType, TransactionType
from accounts.models import Account
from accounts.services import Leg, post_journal
from trading.models import Instrument

#: submit_order, acknowledge_order, apply_fill: three calls, each a transaction.
EVENTS_PER_LIFE = 3
SYMBOL, CURRENCY, HOUSE = "EURUSD", "USD", "HOUSE-USD"
VENUE = "BENCH"
QUANTITY, COMMISSION = Decimal(1), Decimal("2.50")
OPENING_PRICE, STEP, PRICES = Decimal("1.10000"), Decimal("0.00010"), 7
DEPOSIT = Decimal(1_000_000)
#: Of each client, before the clock starts. Even, so that nothing stays open.
WARM_UP = 8


@dataclass(frozen=True, kw_only=True)
class Trader:
    """A client of the benchmark with a netting account of his own. All of them share the house's account."""

    number: int
    account_id: UUID
    user_id: UUID
    instrument_id: UUID


@dataclass(frozen=True, kw_only=True)
class Life:
    """An order that is filled whole: by turns it opens a position and closes it, each with a commission."""

    trader: Trader
    number: int

    @property
    def key(self) -> str:
        """The client order id, and the execution id of the fill."""
        return f"bench-{self.trader.number}-{self.number}"

    @property
    def side(self) -> str:
        return "sell" if self.number % 2 else "buy"

    @property
    def price(self) -> Decimal:
        return OPENING_PRICE + STEP * (self.number % PRICES)


def lives(trader: Trader, first: int, count: int) -> Iterator[Life]:
    """Those numbered from `first`: an even one opens."""
    return (Life(trader=trader, number=number) for number in range(first, first + count))


def open_accounts(clients: int) -> list[Trader]:
    """Traders with funded accounts, on the default database."""
    house = Account.objects.get(account_number=HOUSE)
    instrument = Instrument.objects.get(symbol=SYMBOL)
    traders = []
    for number in range(clients):
        account = Account.objects.create(
            user_id=house.user_id,
            account_number=f"BENCH-{number}",
            account_type=AccountType.LIVE,
            oms_type=OmsType.NETTING,
            currency_id=CURRENCY,
        )
        post_journal(
            kind=JournalKind.DEPOSIT,
            idempotency_key=f"bench:deposit:{number}",
            legs=[
                Leg(account=account.pk, type=TransactionType.DEPOSIT, amount=DEPOSIT),
                Leg(account=house.pk, type=TransactionType.DEPOSIT, amount=-DEPOSIT),
            ],
        )
        traders.append(Trader(number=number, account_id=account.pk, user_id=house.user_id, instrument_id=instrument.pk))
    return traders
