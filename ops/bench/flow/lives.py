"""What every side of the flow does: the lives of orders, one after the other, by traders with an account each."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from accounts.choices import AccountKind, AccountType, JournalKind, OmsType, TransactionType
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
    """A client of the benchmark with a netting account of his own, and the account of the house that he goes to."""

    number: int
    account_id: UUID
    house_id: UUID
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


#: For each account of the house a client's id that leads to it. Of so many ids each account gets some.
_DRAW = """
    SELECT DISTINCT ON (house) house, client
      FROM (SELECT uuidv7() AS client FROM generate_series(1, %s)) AS drawn, house_account(%s, false, client) AS house
     ORDER BY house
"""


def open_accounts(clients: int) -> list[Trader]:
    """Traders with funded accounts, on the default database.

    As at a busy broker the house has as many accounts as there are clients at once. Chance would send some of so few
    clients to the same one, so their ids are drawn until each has one to himself.
    """
    house = Account.objects.get(account_number=HOUSE)
    for number in range(1, clients):
        Account.objects.create(
            user_id=house.user_id,
            account_number=f"{HOUSE}-{number}",
            account_type=AccountType.LIVE,
            kind=AccountKind.HOUSE,
            currency_id=CURRENCY,
        )
    with connection.cursor() as cursor:
        cursor.execute(_DRAW, [100 * clients, CURRENCY])
        pairs = cursor.fetchall()
    instrument = Instrument.objects.get(symbol=SYMBOL)
    traders = []
    for number, (house_id, account_id) in enumerate(pairs):
        account = Account.objects.create(
            id=account_id,
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
                Leg(account=house_id, type=TransactionType.DEPOSIT, amount=-DEPOSIT),
            ],
        )
        traders.append(
            Trader(
                number=number,
                account_id=account.pk,
                house_id=house_id,
                user_id=house.user_id,
                instrument_id=instrument.pk,
            )
        )
    return traders
