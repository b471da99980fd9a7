"""Posting to the ledger. The database does the work and holds the rules; each call is one round trip.

A broken rule comes as `django.db.IntegrityError`, whose cause names it (`error.__cause__.diag.constraint_name`).
`django.db.OperationalError` with SQLSTATE 40001 or 40P01 means that the whole transaction is to be tried again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.choices import JournalKind, TransactionType
from accounts.models import Account, User
from config.database.statements import prepared_cursor


@dataclass(frozen=True, kw_only=True)
class Leg:
    """What a journal does to one account: `amount`, in the account's currency, is positive for what the account gets.

    At most 8 decimals. What caused it is named by the table and the row's id.
    """

    account: UUID
    type: TransactionType
    amount: Decimal
    reference_type: str = ""
    reference_id: UUID | None = None
    description: str | None = None

    def as_json(self) -> dict[str, str]:
        """As `post_journal()` of the database reads it; decimals as text, so that none is rounded on the way."""
        leg = {"account": str(self.account), "type": str(self.type), "amount": format(self.amount, "f")}
        if self.reference_id is not None:
            leg |= {"reference_type": self.reference_type, "reference_id": str(self.reference_id)}
        if self.description is not None:
            leg["description"] = self.description
        return leg


def post_journal(
    *,
    kind: JournalKind,
    idempotency_key: str,
    legs: Sequence[Leg],
    description: str = "",
    created_by: User | None = None,
    reversal_of: UUID | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> UUID:
    """Book one business event; return the journal's id.

    Legs sum to zero in each currency; several may be on one account. The same key again returns the first journal, if
    kind and legs are the same; otherwise `IntegrityError` (`journals_idempotency_key_content`).
    """
    return _call(
        "post_journal(%s, %s, %s::jsonb, %s, %s, %s, %s::jsonb)",
        str(kind),
        idempotency_key,
        json.dumps([leg.as_json() for leg in legs]),
        description,
        created_by and created_by.pk,
        reversal_of,
        json.dumps(dict(metadata or {})),
    )


def reverse_journal(
    *, journal: UUID, idempotency_key: str | None = None, description: str = "", created_by: User | None = None
) -> UUID:
    """Undo a journal by its mirror; return the reversal's id.

    A journal is reversed once: again under the same key returns the first reversal, under another one raises
    `IntegrityError` (`journals_reversal_of_uniq`). Without a key, the journal's id makes one.
    """
    return _call("reverse_journal(%s, %s, %s, %s)", journal, idempotency_key, description, created_by and created_by.pk)


def transfer(
    *,
    source: Account,
    target: Account,
    amount: Decimal,
    idempotency_key: str,
    description: str = "",
    created_by: User | None = None,
) -> UUID:
    """Move a positive `amount` between two accounts of one currency; return the journal's id.

    `IntegrityError`: the source has less (`account_transactions_no_overdraft`), either is locked, inactive or deleted
    (`account_transactions_open_account`), or they have different currencies (`account_transactions_zero_sum`).
    """
    if amount <= 0:
        raise ValueError(f"A transfer moves a positive amount, not {amount}: swap source and target.")
    if _holds_demo_money(source) != _holds_demo_money(target):
        raise ValueError("Demo money is not real: it moves between demo accounts only.")
    return post_journal(
        kind=JournalKind.TRANSFER,
        idempotency_key=idempotency_key,
        legs=[
            Leg(account=source.pk, type=TransactionType.TRANSFER, amount=-amount),
            Leg(account=target.pk, type=TransactionType.TRANSFER, amount=amount),
        ],
        description=description,
        created_by=created_by,
    )


def apply_negative_balance_protection(*, account: Account, created_by: User | None = None) -> UUID | None:
    """The house pays what a client's balance is below zero; return the journal's id, or None where nothing is owed."""
    return _call("apply_negative_balance_protection(%s, %s)", account.pk, created_by and created_by.pk)


def _holds_demo_money(account: Account) -> bool:
    return account.account_type == "demo"


def _call(function: str, *arguments: Any) -> Any:
    with prepared_cursor() as cursor:
        cursor.execute(f"SELECT {function}", arguments)
        return cursor.fetchone()[0]
