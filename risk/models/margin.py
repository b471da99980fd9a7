"""How much must be put down, how much is, and what happens when it is not enough."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Greatest, Now
from django.db.models.lookups import GreaterThanOrEqual

from accounts.choices import ClientClass, Regime
from audit.capture import audited
from config.database.constraints import not_negative, one_of, positive, requires
from config.database.fields import AmountField, MetadataField, RatioField
from config.database.models import MutableEntity
from config.numbers import plain
from risk.choices import MarginCallStatus, MarginCallType
from risk.triggers import risk_event
from trading.choices import EsmaClass


class LeverageCap(MutableEntity):
    """The most leverage that a regime lets a class of clients have on a class of instruments.

    A cap cannot be lowered while a margin rate allows more: the rate carries the cap's value through a
    foreign key ON UPDATE CASCADE, and its own CHECK refuses.
    """

    regime = models.CharField(max_length=16, choices=Regime)
    client_class = models.CharField("class", max_length=24, choices=ClientClass, db_column="class")
    esma_class = models.CharField("ESMA class", max_length=24, choices=EsmaClass)
    max_leverage = RatioField(help_text="30 = 30:1.")

    class Meta(MutableEntity.Meta):
        db_table = "leverage_caps"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        constraints = [
            one_of("leverage_caps", "regime", Regime),
            one_of("leverage_caps", "client_class", ClientClass),
            one_of("leverage_caps", "esma_class", EsmaClass),
            requires("leverage_caps", "max_leverage_range", Q(max_leverage__gte=1), "Leverage is at least 1:1."),
            models.UniqueConstraint(fields=["regime", "client_class", "esma_class"], name="leverage_caps_class_uniq"),
            # What the margin rates' foreign key points at.
            models.UniqueConstraint(
                fields=["regime", "client_class", "esma_class", "max_leverage"],
                name="leverage_caps_value_uniq",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.regime} {self.client_class} {self.esma_class} {plain(self.max_leverage)}:1"


class MarginRate(MutableEntity):
    """The margin of an instrument for a class of clients, from `valid_from` until before `valid_until`.

    Periods do not overlap. The rate never allows more leverage than the cap of the instrument's class:
    `esma_class` is the instrument's and `max_leverage` the cap's, kept equal by foreign keys. Write
    0.0334, not 1/30.
    """

    # A composite foreign key on (instrument, esma_class) stands for this one.
    instrument = models.ForeignKey(
        "trading.Instrument",
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="margin_rates",
    )
    regime = models.CharField(max_length=16, choices=Regime)
    client_class = models.CharField("class", max_length=24, choices=ClientClass, db_column="class")
    esma_class = models.CharField("ESMA class", max_length=24, choices=EsmaClass, help_text="The instrument's.")
    max_leverage = RatioField(help_text="The cap's, 30 = 30:1.")
    initial_rate = RatioField(help_text="Margin to open, as a fraction of the position's value: 0.0334 = 3.34 %.")
    maintenance_rate = RatioField(help_text="Margin to keep, as a fraction of the position's value.")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Exclusive; empty: until further notice.")

    class Meta(MutableEntity.Meta):
        db_table = "margin_rates"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        constraints = [
            requires(
                "margin_rates",
                "initial_rate_range",
                Q(initial_rate__gt=0, initial_rate__lte=1),
                "The initial rate is above 0 and at most 1.",
            ),
            requires(
                "margin_rates",
                "maintenance_rate_range",
                Q(maintenance_rate__gt=0, maintenance_rate__lte=F("initial_rate")),
                "The maintenance rate is above 0 and at most the initial rate.",
            ),
            requires(
                "margin_rates",
                "within_cap",
                GreaterThanOrEqual(F("initial_rate") * F("max_leverage"), Value(Decimal(1))),
                "The initial rate is at least 1 / max_leverage, rounded up.",
            ),
            requires(
                "margin_rates",
                "period",
                Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                "The period ends after it begins.",
            ),
            # Also finds the rate of an instrument at a time.
            ExclusionConstraint(
                name="margin_rates_period_excl",
                expressions=[
                    ("instrument", RangeOperators.EQUAL),
                    ("regime", RangeOperators.EQUAL),
                    ("client_class", RangeOperators.EQUAL),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_until"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="Another rate is valid in this period.",
            ),
        ]
        indexes = [
            # The foreign key to leverage_caps: a changed cap looks for its rates.
            models.Index(fields=["regime", "client_class", "esma_class", "max_leverage"], name="margin_rates_cap_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.regime} {self.client_class} {plain(self.initial_rate)}"


class MarginRequirement(MutableEntity):
    """What an account's position in an instrument must be covered with, as last calculated."""

    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, db_index=False, related_name="margin_requirements"
    )
    instrument = models.ForeignKey("trading.Instrument", on_delete=models.PROTECT, db_index=False, related_name="+")
    position_size = AmountField(help_text="Net, in units of the instrument; negative when short.")
    initial_margin = AmountField(help_text="In `currency`.")
    maintenance_margin = AmountField(help_text="In `currency`.")
    margin_call_level = RatioField(
        db_default=Decimal(100), help_text="Percent of the margin in use: below it, a call goes out."
    )
    stop_out_level = RatioField(
        db_default=Decimal(50),
        help_text="Percent of the margin in use: below it, positions are closed; ESMA: 50.",
    )
    leverage = RatioField(help_text="30 = 30:1.")
    currency = models.ForeignKey(
        "accounts.Currency", on_delete=models.PROTECT, db_column="currency", db_index=False, related_name="+"
    )
    calculated_at = models.DateTimeField(db_default=Now())

    class Meta(MutableEntity.Meta):
        db_table = "margin_requirements"
        constraints = [
            not_negative("margin_requirements", "maintenance_margin"),
            requires(
                "margin_requirements",
                "initial_covers_maintenance",
                Q(initial_margin__gte=F("maintenance_margin")),
                "The initial margin is at least the maintenance margin.",
            ),
            requires(
                "margin_requirements",
                "stop_out_below_call",
                Q(stop_out_level__gt=0, stop_out_level__lte=F("margin_call_level")),
                "Positions are closed at or below the level of the margin call.",
            ),
            positive("margin_requirements", "leverage"),
            models.UniqueConstraint(
                fields=["account", "instrument"], name="margin_requirements_account_instrument_uniq"
            ),
        ]
        indexes = [
            # The foreign key to instruments, and who is affected when an instrument's rate changes.
            models.Index(fields=["instrument"], name="margin_requirements_instr_idx"),
        ]

    def __str__(self) -> str:
        return f"{plain(self.position_size)}: {plain(self.initial_margin)}"


class MarginCall(MutableEntity):
    """An account whose equity no longer covers its margin; amounts are in the account's currency.

    An account has at most one active call, and the call belongs to the account's owner.
    """

    # One composite foreign key on (account, user) stands for both.
    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="margin_calls",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    call_type = models.CharField(max_length=16, choices=MarginCallType, db_default=MarginCallType.MARGIN_CALL)
    # An amount's type, not a ratio's: far below zero in a crash, a call must still be written.
    margin_level = AmountField(help_text="Equity in percent of the margin in use.")
    margin_required = AmountField()
    margin_available = AmountField(help_text="Negative when losses have eaten more than the deposit.")
    shortfall = models.GeneratedField(
        expression=Greatest(F("margin_required") - F("margin_available"), Value(Decimal(0))),
        output_field=AmountField(),
        db_persist=True,
        help_text="What is missing.",
    )
    positions_affected = ArrayField(models.UUIDField(), db_default=[], blank=True, help_text="Ids of positions.")
    status = models.CharField(max_length=16, choices=MarginCallStatus, db_default=MarginCallStatus.ACTIVE)
    notified_at = models.DateTimeField(null=True, blank=True, help_text="When the client was told.")
    resolved_at = models.DateTimeField(null=True, blank=True, help_text="When it stopped being active.")
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "margin_calls"
        triggers = [*MutableEntity.Meta.triggers, *audited(), risk_event("record_margin_call_event")]
        constraints = [
            one_of("margin_calls", "call_type", MarginCallType),
            one_of("margin_calls", "status", MarginCallStatus),
            positive("margin_calls", "margin_required"),
            requires(
                "margin_calls",
                "resolved_unless_active",
                Q(status=MarginCallStatus.ACTIVE, resolved_at__isnull=True)
                | (~Q(status=MarginCallStatus.ACTIVE) & Q(resolved_at__isnull=False)),
                "A call has an end if and only if it is not active.",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(status=MarginCallStatus.ACTIVE),
                name="margin_calls_active_account_uniq",
                violation_error_message="The account has an active margin call already.",
            ),
        ]
        indexes = [
            # An account's page, and the foreign key to accounts: its calls, newest first.
            models.Index("account", F("created_at").desc(), name="margin_calls_account_idx"),
            # A client's page: his calls, newest first.
            models.Index("user", F("created_at").desc(), name="margin_calls_user_idx"),
            # The risk desk's queue: what is active, oldest first.
            models.Index(
                fields=["created_at"],
                condition=Q(status=MarginCallStatus.ACTIVE),
                name="margin_calls_active_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_type} {self.status} at {plain(self.margin_level)}"
