"""The books: a journal is one business event, its entries move money between accounts."""

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import NullIf

from accounts.choices import JournalKind, TransactionType
from accounts.triggers import move_heads, trading_entry
from config.database.constraints import Agree, one_of, positive, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import AppendOnlyEntity, AppendOnlyLog
from config.database.triggers import written_now
from config.numbers import plain


class Journal(AppendOnlyEntity):
    """One business event that moves money, posted through `accounts.services.post_journal`.

    It has entries (`journals_has_entries`), all of one INSERT. A mistake is undone by a journal that reverses it,
    once, with the same entries negated (`journals_reversal_mirrors`). The keys of cash requests and of paid debts are
    theirs (`journals_name_of_another`). These rules are checked at the commit.
    """

    kind = models.CharField(max_length=20, choices=JournalKind)
    idempotency_key = models.CharField(max_length=128)
    reversal_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversals", db_index=False
    )
    description = models.TextField(blank=True, db_default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Empty where no person was involved.",
    )
    content_hash = models.BinaryField(
        null=True,
        editable=False,
        help_text="SHA-256 of kind and legs: the same key posted again must mean the same.",
    )
    metadata = MetadataField()

    class Meta(AppendOnlyEntity.Meta):
        db_table = "journals"
        triggers = [*AppendOnlyEntity.Meta.triggers, written_now()]
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key"], name="journals_idempotency_key_uniq"),
            models.UniqueConstraint(
                fields=["reversal_of"],
                name="journals_reversal_of_uniq",
                condition=Q(reversal_of__isnull=False),
            ),
            one_of("journals", "kind", JournalKind),
            requires("journals", "idempotency_key", ~Q(idempotency_key=""), "A journal has an idempotency key."),
            requires(
                "journals",
                "reversal",
                Q(Agree(Q(kind=JournalKind.REVERSAL), Q(reversal_of__isnull=False))),
                "A reversal, and nothing else, names the journal that it reverses.",
            ),
            requires("journals", "reverses_another", ~Q(reversal_of=F("id")), "A journal does not reverse itself."),
        ]
        indexes = [
            # Journals of a period, in the order they were written: statements and the admin's date filter.
            BrinIndex(fields=["created_at", "txid"], name="journals_created_at_brin_idx", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.idempotency_key}"


class AccountTransaction(AppendOnlyLog):
    """One ledger entry: `balance_after` = `balance_before` + `amount`, in the currency of its account.

    Entries of an account are numbered from 1 without gaps, and each starts from the balance that the one before it
    has left (`account_transactions_chain_fk`). Account and currency refer to the account together
    (`account_transactions_account_currency_fk`), so neither needs a constraint of its own.
    """

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries", db_index=False)
    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        related_name="transactions",
        db_index=False,
        db_constraint=False,
    )
    currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        db_column="currency",
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    seq = models.BigIntegerField(help_text="Number of the entry in its account, from 1.")
    prev_seq = models.GeneratedField(
        expression=NullIf(F("seq") - 1, 0), output_field=models.BigIntegerField(null=True), db_persist=True
    )
    transaction_type = models.CharField(max_length=20, choices=TransactionType)
    amount = AmountField(help_text="In the account's currency; positive increases the balance.")
    balance_before = AmountField()
    balance_after = AmountField()
    reference_type = models.CharField(
        max_length=40, blank=True, db_default="", help_text="Table of what caused the entry, such as trades."
    )
    reference_id = models.UUIDField(null=True, blank=True)
    description = models.TextField(blank=True, db_default="")
    processed_at = models.DateTimeField(db_default=TransactionNow())

    class Meta(AppendOnlyLog.Meta):
        db_table = "account_transactions"
        triggers = [
            *AppendOnlyLog.Meta.triggers,
            written_now("NEW.processed_at <> now()"),
            trading_entry(),
            move_heads(),
        ]
        constraints = [
            # Also an account's statement in order.
            models.UniqueConstraint(fields=["account", "seq"], name="account_transactions_account_seq_uniq"),
            # What the next entry, and the account, point at.
            models.UniqueConstraint(
                fields=["account", "seq", "balance_after"], name="account_transactions_account_head_uniq"
            ),
            positive("account_transactions", "seq"),
            one_of("account_transactions", "transaction_type", TransactionType),
            requires("account_transactions", "amount_not_zero", ~Q(amount=0), "An entry moves money."),
            requires(
                "account_transactions",
                "balance_after",
                Q(balance_after=F("balance_before") + F("amount")),
                "The balance after is the balance before and the amount.",
            ),
            requires(
                "account_transactions",
                "first_from_zero",
                Q(seq__gt=1) | Q(balance_before=0),
                "The first entry starts from zero.",
            ),
            requires(
                "account_transactions",
                "reference",
                Q(Agree(Q(reference_type=""), Q(reference_id__isnull=True))),
                "A reference has both a type and an id.",
            ),
        ]
        indexes = [
            # The entries of a journal: its page, and the foreign key.
            models.Index(fields=["journal"], name="account_trans_journal_idx"),
            # What a trade, position or request was booked as.
            models.Index(
                fields=["reference_id"],
                name="account_trans_reference_idx",
                condition=Q(reference_id__isnull=False),
            ),
            # Entries of a period over all accounts: turnover reports and the daily check of the books.
            BrinIndex(fields=["processed_at", "txid"], name="account_trans_time_brin_idx", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.transaction_type} {plain(self.amount)} {self.currency_id}"
