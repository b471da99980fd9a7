"""What trading costs."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Func, Q

from audit.capture import audited
from config.database.constraints import not_negative, requires
from config.database.fields import AmountField, MetadataField, RatioField
from config.database.models import MutableEntity
from trading.choices import Weekday


class FeeSchedule(MutableEntity):
    """Commission, markup and swap of an instrument for a group of accounts during a period.

    The empty group is everybody who has no schedule of his own group. At any moment an (instrument, group)
    has at most one schedule: periods are half-open and do not overlap.
    """

    instrument = models.ForeignKey(
        "trading.Instrument", on_delete=models.PROTECT, db_index=False, related_name="fee_schedules"
    )
    account_group = models.CharField(max_length=64, blank=True, db_default="", help_text="Empty: every group.")
    commission_rate = RatioField(db_default=0, help_text="Ratio of the notional, per side.")
    commission_per_lot = AmountField(db_default=0, help_text="Commission currency per contract, per side.")
    commission_currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        db_column="commission_currency",
        db_index=False,
        related_name="+",
        null=True,
        blank=True,
    )
    markup_bps = RatioField(db_default=0, help_text="Added to the spread, in basis points of the price.")
    swap_long = RatioField(db_default=0, help_text="Per night, ratio of the notional; negative: the client pays.")
    swap_short = RatioField(db_default=0, help_text="Per night, ratio of the notional; negative: the client pays.")
    triple_swap_weekday = models.SmallIntegerField(
        choices=Weekday,
        db_default=Weekday.WEDNESDAY,
        help_text="The night that counts three times, for the week-end.",
    )
    valid_from = models.DateTimeField(db_default=TransactionNow())
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Excluded; empty: until further notice.")
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "fee_schedules"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        constraints = [
            # Also serves the schedule of an (instrument, group) at a moment.
            ExclusionConstraint(
                name="fee_schedules_period_excl",
                expressions=[
                    ("instrument", RangeOperators.EQUAL),
                    ("account_group", RangeOperators.EQUAL),
                    (Func(F("valid_from"), F("valid_until"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="The instrument and group have a schedule for a part of this period.",
            ),
            requires(
                "fee_schedules",
                "period",
                Q(valid_from__lt=F("valid_until")),
                "The period ends after it begins.",
            ),
            not_negative("fee_schedules", "commission_rate"),
            not_negative("fee_schedules", "commission_per_lot"),
            not_negative("fee_schedules", "markup_bps"),
            requires(
                "fee_schedules",
                "commission_currency",
                Q(commission_per_lot=0) | Q(commission_currency__isnull=False),
                "A commission per lot has a currency.",
            ),
            requires(
                "fee_schedules",
                "triple_swap_weekday",
                Q(triple_swap_weekday__range=(1, 7)),
                "Weekdays are 1 (Monday) to 7.",
            ),
        ]
        indexes = [
            # A group's price list, and what is in force in it.
            models.Index(fields=["account_group", "valid_until"], name="fee_schedules_group_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.account_group or 'every group'} from {self.valid_from:%Y-%m-%d}"
