"""What issuers do to what is traded."""

from django.db import models
from django.db.models import F, Q

from audit.capture import audited
from config.database.constraints import one_of, positive, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import MutableEntity
from trading.choices import CorporateActionStatus, CorporateActionType
from trading.triggers import settled_action

#: A holder gets new units for old ones.
IN_UNITS = [CorporateActionType.SPLIT, CorporateActionType.REVERSE_SPLIT]
#: A holder gets units of something else, cash, or both.
EXCHANGES = [CorporateActionType.MERGER, CorporateActionType.SPIN_OFF, CorporateActionType.RIGHTS_ISSUE]


class CorporateAction(MutableEntity):
    """A dividend, split, merger … of an instrument, applied to its holders once, through a journal.

    A dividend has a cash amount, a split a ratio; a merger, spin-off or rights issue at least one of them. It
    is announced once per (instrument, action, ex date) unless it was canceled.
    """

    instrument = models.ForeignKey(
        "trading.Instrument", on_delete=models.PROTECT, db_index=False, related_name="corporate_actions"
    )
    action = models.CharField(max_length=16, choices=CorporateActionType)
    ex_date = models.DateField(help_text="First day without the right.")
    record_date = models.DateField(null=True, blank=True, help_text="Who holds at its end has the right.")
    payment_date = models.DateField(null=True, blank=True)
    ratio = AmountField(null=True, blank=True, help_text="New units for one old unit: 2 is a split of 2 for 1.")
    cash_amount = AmountField(null=True, blank=True, help_text="Cash per unit.")
    cash_currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        db_column="cash_currency",
        db_index=False,
        related_name="+",
        null=True,
        blank=True,
    )
    status = models.CharField(max_length=16, choices=CorporateActionStatus, db_default=CorporateActionStatus.ANNOUNCED)
    journal = models.ForeignKey(
        "accounts.Journal",
        on_delete=models.PROTECT,
        db_index=False,
        related_name="corporate_actions",
        null=True,
        blank=True,
        help_text="The business event that applied it.",
    )
    applied_at = models.DateTimeField(null=True, blank=True)
    description = models.CharField(max_length=255, blank=True, db_default="")
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "corporate_actions"
        triggers = [*MutableEntity.Meta.triggers, settled_action(), *audited(critical=True)]
        constraints = [
            # Also serves an instrument's actions.
            models.UniqueConstraint(
                fields=["instrument", "action", "ex_date"],
                condition=~Q(status=CorporateActionStatus.CANCELED),
                name="corporate_actions_action_uniq",
            ),
            # A journal applies one action; the foreign key.
            models.UniqueConstraint(
                fields=["journal"], condition=Q(journal__isnull=False), name="corporate_actions_journal_uniq"
            ),
            one_of("corporate_actions", "action", CorporateActionType),
            one_of("corporate_actions", "status", CorporateActionStatus),
            positive("corporate_actions", "ratio"),
            positive("corporate_actions", "cash_amount"),
            requires(
                "corporate_actions",
                "terms",
                Q(action=CorporateActionType.DIVIDEND, cash_amount__isnull=False)
                | Q(action__in=IN_UNITS, ratio__isnull=False)
                | (Q(action__in=EXCHANGES) & (Q(ratio__isnull=False) | Q(cash_amount__isnull=False)))
                | Q(action=CorporateActionType.DELISTING),
                "A dividend has cash, a split a ratio; a merger, spin-off or rights issue one of them.",
            ),
            requires(
                "corporate_actions",
                "cash_currency",
                Q(cash_amount__isnull=True, cash_currency__isnull=True)
                | Q(cash_amount__isnull=False, cash_currency__isnull=False),
                "A cash amount, and nothing else, has a currency.",
            ),
            requires(
                "corporate_actions",
                "applied",
                Q(status=CorporateActionStatus.APPLIED, journal__isnull=False, applied_at__isnull=False)
                | (~Q(status=CorporateActionStatus.APPLIED) & Q(journal__isnull=True, applied_at__isnull=True)),
                "An applied action, and no other, has a journal and the time of it.",
            ),
            requires(
                "corporate_actions",
                "paid_after_ex_date",
                Q(payment_date__gte=F("ex_date")),
                "It is paid on the ex date or later.",
            ),
        ]
        indexes = [
            # What is due: actions that wait for their ex date.
            models.Index(
                fields=["ex_date"],
                condition=Q(status__in=[CorporateActionStatus.ANNOUNCED, CorporateActionStatus.CONFIRMED]),
                name="corporate_actions_due_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} on {self.ex_date}"
