"""The ledger of the simulation: chains per account, and journals that sum to zero."""

from typing import NamedTuple

from ops.seeding.scale.tables import ACCOUNT_TRANSACTIONS, JOURNALS, Table
from ops.seeding.scale.wire import NULL, Keys, moment


class Leg(NamedTuple):
    """What a business event does to the client; the house takes the other side. In hundredths of the currency."""

    transaction_type: str
    cents: int


class Chain:
    """The head of an account's ledger: balance in hundredths, and the number of its latest entry."""

    __slots__ = ("balance", "currency", "id", "seq")

    def __init__(self, account_id: str, currency: str, *, balance: int = 0, seq: int = 0) -> None:
        self.id = account_id
        self.currency = currency
        self.balance = balance
        self.seq = seq

    def entry(self, now: str, journal: str, transaction_type: str, cents: int, reference: str) -> str:
        """The line of the next entry, after which the head is this one."""
        before = self.balance
        self.balance = after = before + cents
        self.seq += 1
        return (
            f"{now}\t{journal}\t{self.id}\t{self.currency}\t{self.seq}\t{transaction_type}\t{cents}e-2\t{before}e-2"
            f"\t{after}e-2\t{reference}\t{now}\n"
        )


#: What an entry refers to that has no cause in another table: neither a type nor an id.
NO_REFERENCE = f"\t{NULL}"


class Books:
    """Posts journals to chains; must be called in the order of time."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._posted = 0

    def post(
        self,
        lines: dict[Table, list[str]],
        *,
        micros: int,
        kind: str,
        client: Chain,
        house: Chain,
        legs: list[Leg],
        reference: str = NO_REFERENCE,
        description: str = "",
    ) -> None:
        """One journal: every leg on the client, and its opposite on the house."""
        self._posted += 1
        journal, now = self._keys.at(micros), moment(micros)
        lines[JOURNALS].append(f"{journal}\t{now}\t{kind}\tscale:{self._posted}\t{description}\n")
        entries = lines[ACCOUNT_TRANSACTIONS]
        for transaction_type, cents in legs:
            entries.append(client.entry(now, journal, transaction_type, cents, reference))
            entries.append(house.entry(now, journal, transaction_type, -cents, reference))
