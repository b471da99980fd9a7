"""Who takes part: every client's own accounts, and the back office that approves what they ask for."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.choices import AccountKind, AccountType, KycStatus, OmsType
from accounts.models import Account, User
from config.commands import Failed
from ops.simulation.market import Path, convertible

#: Of one client: he nets, hedges, pays no swaps, and trades in another currency where there is one.
ROLES = (
    (AccountType.LIVE, OmsType.NETTING, 0),
    (AccountType.MARGIN, OmsType.HEDGING, 0),
    (AccountType.ISLAMIC, OmsType.NETTING, 0),
    (AccountType.LIVE, OmsType.NETTING, 1),
)
#: Within what ESMA allows on most instruments.
LEVERAGE = 20
GROUP = "simulation"
HOME_CURRENCY = "USD"


@dataclass(frozen=True, kw_only=True)
class Cast:
    """One client's accounts with their owner, and who approves: never the owner himself."""

    owner: User
    approver: User
    accounts: list[Account]


def assemble(clients: int, market: list[Path]) -> list[Cast]:
    """The cast of each client. Who is missing is added; who was there in an earlier run takes part again.

    Raises Failed where the house has no account in a currency that the market's profit can be converted into.
    """
    currencies = _currencies(market)
    with transaction.atomic():
        approver = _user("sim-back-office", is_verified=True)
        return [_cast(number, approver, currencies) for number in range(1, clients + 1)]


def _currencies(market: list[Path]) -> list[str]:
    """At most two, the home currency first."""
    houses = (
        Account.objects.filter(kind=AccountKind.HOUSE, is_active=True)
        .exclude(account_type=AccountType.DEMO)
        .values_list("currency_id", flat=True)
        .distinct()
    )
    known = sorted(currency for currency in houses if convertible(market, currency))
    known.sort(key=lambda currency: currency != HOME_CURRENCY)
    if not known:
        raise Failed(
            "The house has no account in a currency that profit could be booked in: run manage.py seed_test_data, or"
            " open an account of kind house."
        )
    return known[:2]


def _cast(number: int, approver: User, currencies: list[str]) -> Cast:
    owner = _user(f"sim-client-{number:03}", kyc_status=KycStatus.APPROVED, kyc_level=2, is_verified=True)
    accounts = []
    for place, (account_type, oms_type, preference) in enumerate(ROLES, start=1):
        currency = currencies[min(preference, len(currencies) - 1)]
        account, _ = Account.objects.get_or_create(
            account_number=f"SIM-{number:03}-{place}-{currency}",
            defaults={
                "user": owner,
                "account_type": account_type,
                "kind": AccountKind.CLIENT,
                "oms_type": oms_type,
                "currency_id": currency,
                "leverage": LEVERAGE,
                "max_leverage": LEVERAGE,
                "group_name": GROUP,
            },
        )
        accounts.append(account)
    return Cast(owner=owner, approver=approver, accounts=accounts)


def _user(username: str, **columns: Any) -> User:
    """Nobody logs in as him: he has no password."""
    found = User.objects.filter(username__iexact=username).first()
    return found or User.objects.create_user(username, f"{username}@simulation.example", None, **columns)


def has_traded() -> bool:
    """Whether a simulation has booked anything in this database before."""
    return Account.objects.filter(account_number__startswith="SIM-001-", last_seq__gt=0).exists()
