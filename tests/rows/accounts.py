"""Valid rows of the accounts app; every function takes columns as keywords and inserts one row."""

import hashlib
import itertools
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import (
    Account,
    AccountAudit,
    AccountTransaction,
    ApiKey,
    CashRequest,
    ClientClassification,
    ClientIdentity,
    Currency,
    Journal,
    User,
    UserRole,
    UserSession,
)
from audit.context import acting

_numbers = itertools.count(1)


def currency(code: str = "USD", **columns: Any) -> Currency:
    """The currency of that code, made if it is missing."""
    found, _ = Currency.objects.get_or_create(code=code, defaults={"name": code, **columns})
    return found


def user(**columns: Any) -> User:
    """A user without a usable password; `password=` sets one."""
    name = f"user{next(_numbers)}"
    password = columns.pop("password", None)
    granter = granter_of_rights() if columns.get("is_staff") or columns.get("is_superuser") else None
    with acting(user=granter.pk) if granter else nullcontext():
        return User.objects.create_user(
            columns.pop("username", name), columns.pop("email", f"{name}@example.org"), password, **columns
        )


def granter_of_rights(*, but: User | None = None) -> User | None:
    """A superuser, or else a super admin, if there is one yet; `but` this one."""
    others = User.objects.filter(is_active=True).exclude(pk=but and but.pk)
    superuser = others.filter(is_superuser=True).first()
    return superuser or others.filter(roles__role="super_admin", roles__expires_at=None).first()


def role(**columns: Any) -> UserRole:
    """A role that is granted by whoever may."""
    holder = columns.pop("user", None) or user()
    defaults = {"user": holder, "role": "trader", "granted_by": granter_of_rights(but=holder)}
    return UserRole.objects.create(**{**defaults, **columns})


def session(**columns: Any) -> UserSession:
    defaults = {"user": columns.pop("user", None) or user(), "session_id": f"session{next(_numbers)}"}
    return UserSession.objects.create(**{**defaults, **columns})


def api_key(**columns: Any) -> ApiKey:
    key = f"key{next(_numbers)}"
    defaults = {
        "user": columns.pop("user", None) or user(),
        "name": key,
        "prefix": key[:8],
        "key_hash": hashlib.sha256(key.encode()).hexdigest(),
    }
    return ApiKey.objects.create(**{**defaults, **columns})


def client_identity(**columns: Any) -> ClientIdentity:
    """A person; with `lei=` give `national_id=""`, `birth_date=None` and a `legal_name`."""
    defaults = {
        "user": columns.pop("user", None) or user(),
        "national_id": "X1234567",
        "first_names": "Ada",
        "surname": "Byron",
        "birth_date": "1985-12-10",
        "country_code": "GB",
    }
    return ClientIdentity.objects.create(**{**defaults, **columns})


def client_classification(**columns: Any) -> ClientClassification:
    defaults = {"user": columns.pop("user", None) or user(), "regime": "ESMA", "client_class": "retail"}
    return ClientClassification.objects.create(**{**defaults, **columns})


def account(**columns: Any) -> Account:
    """A client's empty netting account; `currency` is a code or a Currency."""
    money = columns.pop("currency", "USD")
    defaults = {
        "user": columns.pop("user", None) or user(),
        "account_number": f"A{next(_numbers):06d}",
        "currency": currency(money) if isinstance(money, str) else money,
    }
    return Account.objects.create(**{**defaults, **columns})


def house(**columns: Any) -> Account:
    """An account of the house: the other side of what clients get and give."""
    return account(**{"kind": "house", "account_type": "live", **columns})


@transaction.atomic
def journal(*entries: tuple[Account, Any], **columns: Any) -> Journal:
    """A journal with its entries, (account, amount) each, as they were inserted one by one; without any, a new house
    account gives 100 to another one."""
    if not entries:
        entries = ((house(), -100), (house(), 100))
    made = Journal.objects.create(**{"kind": "deposit", "idempotency_key": f"journal{next(_numbers)}", **columns})
    heads: dict[Any, tuple[int, Decimal]] = {}
    chain = []
    for owner, amount in entries:
        if owner.pk not in heads:
            owner.refresh_from_db(fields=["last_seq", "balance"])
        seq, balance = heads.get(owner.pk, (owner.last_seq, owner.balance))
        after = balance + Decimal(amount)
        heads[owner.pk] = seq + 1, after
        chain.append(
            AccountTransaction(
                journal=made,
                account=owner,
                currency_id=owner.currency_id,
                seq=seq + 1,
                transaction_type="deposit",
                amount=amount,
                balance_before=balance,
                balance_after=after,
            )
        )
    AccountTransaction.objects.bulk_create(chain)
    return made


def account_transaction(**columns: Any) -> AccountTransaction:
    """The entry of a deposit of 100, or of `amount`, whose other side is a new house account."""
    owner = columns.pop("account", None) or account()
    amount = Decimal(columns.pop("amount", 100))
    made = journal(
        (owner, amount), (house(currency=owner.currency, account_type=owner.account_type), -amount), **columns
    )
    return made.entries.get(account=owner)


def cash_request(**columns: Any) -> CashRequest:
    owner = columns.pop("account", None) or account()
    defaults = {
        "account": owner,
        "request_type": "deposit",
        "amount": 100,
        "currency": owner.currency,
        "requested_by": owner.user,
    }
    return CashRequest.objects.create(**{**defaults, **columns})


def account_event(**columns: Any) -> AccountAudit:
    """The first event of an account, which the database writes when the account is opened."""
    return AccountAudit.objects.get(account=columns.pop("account", None) or account(), seq=1)
