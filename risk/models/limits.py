"""What may not be exceeded, and when it was."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import NullIf

from audit.capture import audited
from config.database.constraints import one_of, positive, requires
from config.database.fields import AmountField, MetadataField, TransactionField
from config.database.models import Entity, MutableEntity
from config.numbers import plain
from risk.choices import (
    MONEY_LIMITS,
    SIZE_LIMITS,
    BreachAction,
    BreachSeverity,
    LimitEntity,
    LimitType,
)
from risk.triggers import append_only_but_for_resolution, risk_event

#: The kinds of entities that are named by `entity_id`.
IDENTIFIED = (LimitEntity.USER, LimitEntity.ACCOUNT, LimitEntity.INSTRUMENT)


def _entity_id_of(entity: LimitEntity) -> models.GeneratedField:
    """`entity_id` where it names a row of that kind, else null: a foreign key can stand on it."""
    return models.GeneratedField(
        expression=Case(When(entity_type=entity, then=F("entity_id"))),
        output_field=models.UUIDField(null=True),
        db_persist=True,
    )


class RiskLimit(MutableEntity):
    """A bound that orders and positions are checked against.

    At most one limit of a type is active for an entity. What it limits is named in one way: nothing for
    `global`, a group's name for `group`, else the id of an existing user, account or instrument.
    """

    limit_type = models.CharField(max_length=32, choices=LimitType)
    entity_type = models.CharField(max_length=16, choices=LimitEntity, db_default=LimitEntity.GLOBAL)
    entity_id = models.UUIDField(null=True, blank=True, help_text="The user, account or instrument that is limited.")
    entity_group = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="The account group that is limited (accounts.group_name).",
    )
    user_id = _entity_id_of(LimitEntity.USER)
    account_id = _entity_id_of(LimitEntity.ACCOUNT)
    instrument_id = _entity_id_of(LimitEntity.INSTRUMENT)
    limit_value = AmountField(
        help_text="Money in `currency`; units; a number (open positions, messages per second, leverage);"
        " or a fraction, 1 = 100 % (drawdown, concentration, price collar)."
    )
    warning_threshold = AmountField(null=True, blank=True, help_text="Warn from here on; in the limit's unit.")
    currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        db_column="currency",
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of a limit in money; empty for counts, ratios, and an account's own currency.",
    )
    breached_action = models.CharField(
        max_length=16,
        choices=BreachAction,
        db_default=BreachAction.REJECT,
        help_text="What a breach leads to.",
    )
    is_active = models.BooleanField(db_default=True)
    description = models.CharField(max_length=255, blank=True, db_default="")
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "risk_limits"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        constraints = [
            one_of("risk_limits", "limit_type", LimitType),
            one_of("risk_limits", "entity_type", LimitEntity),
            one_of("risk_limits", "breached_action", BreachAction),
            positive("risk_limits", "limit_value"),
            requires(
                "risk_limits",
                "warning_below_limit",
                Q(warning_threshold__isnull=True) | Q(warning_threshold__gt=0, warning_threshold__lt=F("limit_value")),
                "The warning comes before the limit.",
            ),
            requires(
                "risk_limits",
                "entity_named",
                (
                    Q(entity_type__in=IDENTIFIED, entity_id__isnull=False)
                    | (~Q(entity_type__in=IDENTIFIED) & Q(entity_id__isnull=True))
                )
                & (
                    (Q(entity_type=LimitEntity.GROUP) & ~Q(entity_group=""))
                    | (~Q(entity_type=LimitEntity.GROUP) & Q(entity_group=""))
                ),
                "A global limit names nothing, a group's limit the group, another the id of what it limits.",
            ),
            requires(
                "risk_limits",
                "currency_present",
                ~Q(limit_type__in=MONEY_LIMITS) | Q(entity_type=LimitEntity.ACCOUNT) | Q(currency__isnull=False),
                "A limit in money that is not one account's needs a currency.",
            ),
            requires(
                "risk_limits",
                "currency_of_money",
                Q(limit_type__in=[*MONEY_LIMITS, *SIZE_LIMITS]) | Q(currency__isnull=True),
                "A count or ratio has no currency.",
            ),
            # Also the pre-trade check's lookup: every active limit of an entity.
            models.UniqueConstraint(
                fields=["entity_type", "entity_id", "entity_group", "limit_type"],
                condition=Q(is_active=True),
                nulls_distinct=False,
                name="risk_limits_active_uniq",
                violation_error_message="There is an active limit of this type already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limit_type} {self.entity_type} {plain(self.limit_value)}"


class RiskLimitBreach(Entity):
    """That a limit was exceeded, with the limit as it was then.

    Append-only but for its resolution, which is written once.
    """

    limit = models.ForeignKey(RiskLimit, on_delete=models.PROTECT, db_index=False, related_name="breaches")
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    order = models.ForeignKey(
        "trading.Order", on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    position = models.ForeignKey(
        "trading.Position", on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    limit_value = AmountField(help_text="The limit at that time, in its unit.")
    actual_value = AmountField(help_text="What it was compared with, in the limit's unit.")
    breach_percentage = models.GeneratedField(
        # What is generated is computed before a CHECK can speak.
        expression=(F("actual_value") - F("limit_value")) * 100 / NullIf(F("limit_value"), 0),
        output_field=models.DecimalField(max_digits=38, decimal_places=4),
        db_persist=True,
        help_text="How far beyond the limit, in percent of it; negative for a warning before it.",
    )
    severity = models.CharField(max_length=16, choices=BreachSeverity, db_default=BreachSeverity.BREACH)
    action_taken = models.CharField(max_length=16, choices=BreachAction)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    resolution_note = models.TextField(blank=True, db_default="")
    metadata = MetadataField()
    txid = TransactionField()

    #: Written later than the row: its seal does not cover them.
    unsealed_columns = frozenset({"resolved_at", "resolved_by_id", "resolution_note"})

    class Meta(Entity.Meta):
        db_table = "risk_limit_breaches"
        verbose_name_plural = "risk limit breaches"
        triggers = [*append_only_but_for_resolution(), risk_event("record_limit_breach_event")]
        constraints = [
            one_of("risk_limit_breaches", "severity", BreachSeverity),
            one_of("risk_limit_breaches", "action_taken", BreachAction),
            positive("risk_limit_breaches", "limit_value"),
            requires(
                "risk_limit_breaches",
                "resolution",
                Q(resolved_at__isnull=True, resolved_by__isnull=True, resolution_note="")
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
                "A resolution has a time and a person.",
            ),
        ]
        indexes = [
            # A limit's page: its breaches, newest first.
            models.Index("limit", F("created_at").desc(), name="risk_limit_breaches_limit_idx"),
            # An account's page: its breaches, newest first.
            models.Index(
                "account",
                F("created_at").desc(),
                condition=Q(account__isnull=False),
                name="risk_limit_breaches_acct_idx",
            ),
            # An order's page: why it was rejected.
            models.Index(fields=["order"], condition=Q(order__isnull=False), name="risk_limit_breaches_order_idx"),
            # The risk desk's queue: what nobody has resolved, by severity and age.
            models.Index(
                fields=["severity", "created_at"],
                condition=Q(resolved_at__isnull=True),
                name="risk_limit_breaches_open_idx",
            ),
            # What the sealer reads.
            BrinIndex(fields=["txid"], name="risk_limit_breaches_txid_idx", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.severity} {plain(self.actual_value)} of {plain(self.limit_value)}"
