"""Accounts and their opening deposits: every balance is the sum of the ledger from the first day on."""

from decimal import Decimal
from typing import NamedTuple

from accounts.choices import AccountKind, AccountType, JournalKind, OmsType, TransactionType
from accounts.models import Account, AccountTransaction, Journal, User
from accounts.services import Leg, post_journal
from ops.seeding.additions import Additions


class AccountRow(NamedTuple):
    number: str
    owner: str
    type: AccountType
    oms_type: OmsType
    currency: str
    group: str
    leverage: int
    deposit: Decimal


#: Owners are clients. Leverage is within what ESMA allows on the calmest of the instruments.
CLIENT_ACCOUNTS = [
    AccountRow("LIVE-100001", "trader1", AccountType.LIVE, OmsType.NETTING, "USD", "standard", 30, Decimal(50_000)),
    AccountRow("LIVE-100002", "trader2", AccountType.LIVE, OmsType.NETTING, "EUR", "vip", 30, Decimal(250_000)),
    AccountRow("DEMO-200001", "demo", AccountType.DEMO, OmsType.NETTING, "USD", "demo", 30, Decimal(100_000)),
    AccountRow("MARGIN-300001", "trader1", AccountType.MARGIN, OmsType.HEDGING, "USD", "standard", 20, Decimal(25_000)),
]

#: Money of demo accounts is not real and never meets real money, so it has a counterpart of its own.
HOUSE_ACCOUNTS = {
    ("USD", AccountType.LIVE): "HOUSE-USD",
    ("EUR", AccountType.LIVE): "HOUSE-EUR",
    ("GBP", AccountType.LIVE): "HOUSE-GBP",
    ("USD", AccountType.DEMO): "HOUSE-DEMO-USD",
}


def add_books(added: Additions, users: dict[str, User]) -> dict[str, Account]:
    """The accounts by number: the clients' with their deposits, and the house's, which belong to the administrator."""
    houses = {
        number: added.ensure(
            Account,
            {"account_number": number},
            user=users["admin"],
            account_type=account_type,
            kind=AccountKind.HOUSE,
            currency_id=currency,
            leverage=1,
            max_leverage=1,
        )
        for (currency, account_type), number in HOUSE_ACCOUNTS.items()
    }
    accounts = {}
    for row in CLIENT_ACCOUNTS:
        account = added.ensure(
            Account,
            {"account_number": row.number},
            user=users[row.owner],
            account_type=row.type,
            kind=AccountKind.CLIENT,
            oms_type=row.oms_type,
            currency_id=row.currency,
            leverage=row.leverage,
            max_leverage=row.leverage,
            group_name=row.group,
        )
        accounts[row.number] = account
        money = AccountType.DEMO if row.type == AccountType.DEMO else AccountType.LIVE
        house = houses[HOUSE_ACCOUNTS[row.currency, money]]
        _post_opening_deposit(added, account=account, house=house, amount=row.deposit, created_by=users["admin"])
    return houses | accounts


def _post_opening_deposit(
    added: Additions, *, account: Account, house: Account, amount: Decimal, created_by: User
) -> None:
    """What the client has, the house owes. Posted once."""
    key = f"seed:opening-deposit:{account.account_number}"
    if Journal.objects.filter(idempotency_key=key).exists():
        return
    legs = [
        Leg(account=account.pk, type=TransactionType.DEPOSIT, amount=amount),
        Leg(account=house.pk, type=TransactionType.DEPOSIT, amount=-amount),
    ]
    post_journal(
        kind=JournalKind.DEPOSIT,
        idempotency_key=key,
        legs=legs,
        description="Opening deposit",
        created_by=created_by,
    )
    added[Journal._meta.db_table] += 1
    added[AccountTransaction._meta.db_table] += len(legs)
