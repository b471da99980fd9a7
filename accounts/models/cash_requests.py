"""Money movements that wait for a second person."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from accounts.choices import CashRequestStatus, CashRequestType
from accounts.triggers import guard_request
from audit.capture import audited
from config.database.constraints import one_of, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import MutableEntity
from config.database.triggers import written_now
from config.numbers import plain


class CashRequest(MutableEntity):
    """A deposit, withdrawal, bonus or adjustment that one person asks for and another one approves.

    pending → processing (approved) → completed, failed or canceled; a pending one may fail or be canceled at once.
    A completed request, and no other, has the journal that booked it: its entries on the account sum to the amount.
    What was asked for never changes, and nothing leaves an end. Account and currency refer to the account together
    (`cash_requests_account_currency_fk`), so neither needs a constraint of its own.
    """

    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        related_name="cash_requests",
        db_index=False,
        db_constraint=False,
    )
    request_type = models.CharField(max_length=12, choices=CashRequestType)
    amount = AmountField(help_text="Only an adjustment may be negative.")
    currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        db_column="currency",
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    status = models.CharField(
        max_length=12,
        choices=CashRequestStatus,
        default=CashRequestStatus.PENDING,
        db_default=CashRequestStatus.PENDING,
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    journal = models.ForeignKey(
        "accounts.Journal",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cash_requests",
        db_index=False,
    )
    payment_method = models.CharField(max_length=40, blank=True, db_default="")
    external_reference = models.CharField(
        max_length=128, blank=True, db_default="", help_text="The payment provider's id."
    )
    failure_reason = models.CharField(max_length=200, blank=True, db_default="")
    note = models.TextField(blank=True, db_default="")
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "cash_requests"
        triggers = [*MutableEntity.Meta.triggers, written_now(), *guard_request(), *audited(critical=True)]
        constraints = [
            models.UniqueConstraint(
                fields=["payment_method", "external_reference"],
                name="cash_requests_external_reference_uniq",
                condition=~Q(external_reference=""),
            ),
            models.UniqueConstraint(
                fields=["journal"], name="cash_requests_journal_uniq", condition=Q(journal__isnull=False)
            ),
            one_of("cash_requests", "request_type", CashRequestType),
            one_of("cash_requests", "status", CashRequestStatus),
            requires(
                "cash_requests",
                "amount",
                Q(amount__gt=0) | (Q(request_type=CashRequestType.ADJUSTMENT) & ~Q(amount=0)),
                "An amount is positive; an adjustment may be negative.",
            ),
            requires(
                "cash_requests",
                "approved_by_another",
                ~Q(approved_by=F("requested_by")),
                "Nobody approves his own request.",
            ),
            requires(
                "cash_requests",
                "approval",
                Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                "An approval has both a person and a time.",
            ),
            requires(
                "cash_requests",
                "approved_before_booked",
                ~Q(status__in=[CashRequestStatus.PROCESSING, CashRequestStatus.COMPLETED])
                | Q(approved_by__isnull=False),
                "What is processed or completed was approved.",
            ),
            requires(
                "cash_requests",
                "journal_when_completed",
                Q(status=CashRequestStatus.COMPLETED, journal__isnull=False)
                | (~Q(status=CashRequestStatus.COMPLETED) & Q(journal__isnull=True)),
                "A completed request, and no other, has its journal.",
            ),
            requires(
                "cash_requests",
                "failure_reason",
                (Q(status=CashRequestStatus.FAILED) & ~Q(failure_reason=""))
                | (~Q(status=CashRequestStatus.FAILED) & Q(failure_reason="")),
                "A failed request, and no other, says why.",
            ),
        ]
        indexes = [
            # The back office's queue: the oldest request comes first.
            models.Index(
                fields=["created_at"],
                name="cash_requests_queue_idx",
                condition=Q(status__in=[CashRequestStatus.PENDING, CashRequestStatus.PROCESSING]),
            ),
            # An account's requests, newest first: its page, and the foreign key.
            models.Index("account", F("created_at").desc(), name="cash_requests_account_idx"),
        ]

    def clean(self) -> None:
        """Say in a form what the composite key would refuse."""
        super().clean()
        account: Any = self.account if self.account_id else None
        if account is not None and self.currency_id and account.currency_id != self.currency_id:
            raise ValidationError({"currency": f"The account is in {account.currency_id}."})

    def __str__(self) -> str:
        return f"{self.request_type} {plain(self.amount)} {self.currency_id} ({self.status})"
