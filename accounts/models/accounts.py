"""Accounts: whose money, in which currency, with which leverage."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import NullIf, Upper

from accounts import triggers
from accounts.choices import AccountKind, AccountType, OmsType
from audit.capture import audited
from config.database.constraints import Agree, not_negative, one_of, positive, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import SoftDeletableEntity

#: Columns that the application has no right to change: the ledger moves the head, marks the valuation.
KEPT_BY_DATABASE = frozenset({"created_at", "balance", "last_seq", "margin_level", *triggers.VALUATION})


class Account(SoftDeletableEntity):
    """Money of one owner in one currency; `balance` is the sum of its `last_seq` ledger entries.

    `balance` and `last_seq` are the head of the account's ledger: only the ledger's trigger moves them, and at the
    commit they must be what the last entry says (`accounts_head_fk`).
    The firm's own accounts (house, liquidity provider, suspense) belong to the user that stands for the firm.
    Owner, type, kind and currency stay what they were when it was opened. `equity`, margin and profit columns are the
    latest valuation, not books: postings and `mark_to_market()` write them. A number is never used again.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="accounts", db_index=False
    )
    account_number = models.CharField(max_length=32)
    account_type = models.CharField(
        max_length=10, choices=AccountType, default=AccountType.DEMO, db_default=AccountType.DEMO
    )
    kind = models.CharField(
        max_length=20, choices=AccountKind, default=AccountKind.CLIENT, db_default=AccountKind.CLIENT
    )
    oms_type = models.CharField(
        "OMS type", max_length=10, choices=OmsType, default=OmsType.NETTING, db_default=OmsType.NETTING
    )
    currency = models.ForeignKey("accounts.Currency", on_delete=models.PROTECT, db_column="currency", db_index=False)
    balance = AmountField(
        default=0, db_default=0, editable=False, help_text="Sum of the ledger, in the account's currency."
    )
    equity = AmountField(default=0, db_default=0, editable=False, help_text="Balance, credit and unrealized profit.")
    margin_used = AmountField(default=0, db_default=0, editable=False)
    margin_available = AmountField(default=0, db_default=0, editable=False)
    margin_level = AmountField(
        null=True,
        blank=True,
        editable=False,
        help_text="Equity in percent of the margin in use; empty while none is.",
    )
    unrealized_pnl = AmountField("unrealized P&L", default=0, db_default=0, editable=False)
    realized_pnl = AmountField("realized P&L", default=0, db_default=0, editable=False)
    credit = AmountField(default=0, db_default=0, editable=False, help_text="Lent by the broker; cannot be withdrawn.")
    leverage = models.SmallIntegerField(default=1, db_default=1, help_text="30 means 30:1.")
    max_leverage = models.SmallIntegerField(default=30, db_default=30, help_text="The most that the client may choose.")
    is_active = models.BooleanField(default=True, db_default=True)
    is_locked = models.BooleanField(default=False, db_default=False, help_text="No new orders and no withdrawals.")
    locked_reason = models.CharField(max_length=200, blank=True, db_default="")
    broker_id = models.CharField(
        "broker id", max_length=64, blank=True, db_default="", help_text="Introducing or white-label broker."
    )
    group_name = models.CharField(max_length=64, blank=True, db_default="", help_text="Decides fees and conditions.")
    last_seq = models.BigIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Number of the latest ledger entry; 0 before the first.",
    )
    head_seq = models.GeneratedField(
        expression=NullIf(F("last_seq"), 0), output_field=models.BigIntegerField(null=True), db_persist=True
    )
    metadata = MetadataField()

    class Meta(SoftDeletableEntity.Meta):
        db_table = "accounts"
        triggers = [
            *SoftDeletableEntity.Meta.triggers,
            *audited(),
            triggers.head_forward(),
            triggers.account_identity(),
            triggers.account_opened(),
            triggers.account_created(),
            triggers.account_changed(),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account_number"], name="accounts_account_number_uniq"),
            # Three keys that composite foreign keys point at: ledger entries carry their account's currency,
            # orders and positions its owner, positions its order management type.
            models.UniqueConstraint(fields=["id", "currency"], name="accounts_id_currency_uniq"),
            models.UniqueConstraint(fields=["id", "user"], name="accounts_id_user_uniq"),
            models.UniqueConstraint(fields=["id", "oms_type"], name="accounts_id_oms_type_uniq"),
            requires("accounts", "account_number", ~Q(account_number=""), "An account has a number."),
            one_of("accounts", "account_type", AccountType),
            one_of("accounts", "kind", AccountKind),
            one_of("accounts", "oms_type", OmsType),
            not_negative("accounts", "margin_used"),
            not_negative("accounts", "credit"),
            positive("accounts", "leverage"),
            requires(
                "accounts",
                "leverage_within_maximum",
                Q(leverage__lte=F("max_leverage")),
                "Leverage exceeds the account's maximum.",
            ),
            requires(
                "accounts",
                "locked_reason",
                Q(Agree(Q(is_locked=True), ~Q(locked_reason=""))),
                "A locked account says why, another one does not.",
            ),
            not_negative("accounts", "last_seq"),
            requires(
                "accounts",
                "balance_from_ledger",
                Q(last_seq__gt=0) | Q(balance=0),
                "Before its first ledger entry an account is empty.",
            ),
        ]
        indexes = [
            # Substring search of the admin: icontains compares upper(column).
            GinIndex(OpClass(Upper("account_number"), name="gin_trgm_ops"), name="accounts_number_trgm_idx"),
            # A user's accounts: his page, and the foreign key.
            models.Index(fields=["user"], name="accounts_user_idx"),
            # The accounts of one group in number order: fee changes, and the admin's filter.
            models.Index(
                fields=["group_name", "account_number"],
                name="accounts_group_idx",
                condition=~Q(group_name=""),
            ),
            # The house's accounts, one or a few per currency: every posting against the house asks for them.
            models.Index(
                fields=["currency", "account_number"],
                name="accounts_house_idx",
                condition=Q(kind=AccountKind.HOUSE),
            ),
            # What the desk has locked and must decide on.
            models.Index(fields=["account_number"], name="accounts_locked_idx", condition=Q(is_locked=True)),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a known account without what the database keeps: the application has no right to write that."""
        if not self._state.adding and kwargs.get("update_fields") is None:
            kwargs["update_fields"] = [
                field.name
                for field in self._meta.concrete_fields
                if not (field.primary_key or field.generated or field.attname in KEPT_BY_DATABASE)
                and field.attname not in self.get_deferred_fields()
            ]
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return f"{self.account_number} ({self.currency_id})"
