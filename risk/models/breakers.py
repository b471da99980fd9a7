"""What stops trading by itself, and the record of when it did."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, F, Func, Q, When

from audit.capture import audited
from config.database.constraints import not_negative, one_of, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import AppendOnlyEntity, MutableEntity
from risk.choices import (
    BreakerAction,
    BreakerEventAction,
    BreakerEventType,
    BreakerScope,
    BreakerStatus,
    BreakerType,
)
from risk.triggers import risk_event

#: The statuses in which a breaker holds trading back; `triggered_at` is set in these and in no other.
HOLDING = (BreakerStatus.TRIGGERED, BreakerStatus.COOLING_DOWN)


def _scope_id_of(scope: BreakerScope) -> models.GeneratedField:
    """`scope_id` where it names a row of that kind, else null: a foreign key can stand on it."""
    return models.GeneratedField(
        expression=Case(When(scope=scope, then=F("scope_id"))),
        output_field=models.UUIDField(null=True),
        db_persist=True,
    )


class CircuitBreaker(MutableEntity):
    """A rule that holds trading back when a value crosses a threshold.

    `trigger_condition` has a "metric" and an "operator" (>, >=, <, <=), and may have "window_seconds",
    "minimum_samples", "instrument_type" and "currency"; the metric is compared with `threshold_value`. {} is
    for a manual breaker only. `triggered_at` is set exactly while the breaker is triggered or cooling down.
    """

    breaker_name = models.CharField(max_length=64)
    breaker_type = models.CharField(max_length=16, choices=BreakerType)
    scope = models.CharField(max_length=16, choices=BreakerScope, db_default=BreakerScope.GLOBAL)
    scope_id = models.UUIDField(
        null=True, blank=True, help_text="The instrument, account or liquidity provider; empty when global."
    )
    instrument_id = _scope_id_of(BreakerScope.INSTRUMENT)
    account_id = _scope_id_of(BreakerScope.ACCOUNT)
    trigger_condition = MetadataField(help_text='{"metric": "price_change", "operator": ">="}')
    threshold_value = AmountField(
        null=True, blank=True, help_text="In the metric's unit; empty for a manual breaker only."
    )
    current_value = AmountField(null=True, blank=True, help_text="As last measured.")
    status = models.CharField(max_length=16, choices=BreakerStatus, db_default=BreakerStatus.ARMED)
    triggered_at = models.DateTimeField(null=True, blank=True)
    reset_at = models.DateTimeField(null=True, blank=True, help_text="When it was last armed again.")
    cooldown_seconds = models.IntegerField(
        db_default=300, help_text="Seconds between the trigger and an automatic reset."
    )
    auto_reset = models.BooleanField(db_default=False)
    action = models.CharField(max_length=20, choices=BreakerAction, db_default=BreakerAction.HALT_TRADING)
    description = models.CharField(max_length=255, blank=True, db_default="")
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "circuit_breakers"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        constraints = [
            one_of("circuit_breakers", "breaker_type", BreakerType),
            one_of("circuit_breakers", "scope", BreakerScope),
            one_of("circuit_breakers", "status", BreakerStatus),
            one_of("circuit_breakers", "action", BreakerAction),
            not_negative("circuit_breakers", "cooldown_seconds"),
            requires(
                "circuit_breakers",
                "scope_named",
                Q(scope=BreakerScope.GLOBAL, scope_id__isnull=True)
                | (~Q(scope=BreakerScope.GLOBAL) & Q(scope_id__isnull=False)),
                "A global breaker names nothing, any other the id of what it watches.",
            ),
            models.CheckConstraint(
                name="circuit_breakers_trigger_condition_check",
                condition=Func(
                    F("breaker_type"),
                    F("trigger_condition"),
                    function="trigger_condition_valid",
                    output_field=models.BooleanField(),
                ),
                violation_error_message="The condition needs a metric, an operator, and nothing unknown.",
            ),
            requires(
                "circuit_breakers",
                "threshold_present",
                Q(breaker_type=BreakerType.MANUAL) | Q(threshold_value__isnull=False),
                "A breaker that trips by itself needs a threshold.",
            ),
            requires(
                "circuit_breakers",
                "triggered_at_present",
                Q(status__in=HOLDING, triggered_at__isnull=False)
                | (~Q(status__in=HOLDING) & Q(triggered_at__isnull=True)),
                "The time of the trigger is set exactly while the breaker is triggered or cooling down.",
            ),
            # Also the list and the seed, by name.
            models.UniqueConstraint(fields=["breaker_name"], name="circuit_breakers_breaker_name_uniq"),
        ]
        indexes = [
            # The pre-trade check: is anything held back here? Nearly always empty.
            models.Index(
                fields=["scope", "scope_id"],
                include=["action"],
                condition=Q(status__in=HOLDING),
                name="circuit_breakers_holding_idx",
            ),
        ]

    def __str__(self) -> str:
        return self.breaker_name


class CircuitBreakerEvent(AppendOnlyEntity):
    """That a breaker tripped, was reset, or was overridden by a person, who is then named."""

    breaker = models.ForeignKey(CircuitBreaker, on_delete=models.PROTECT, db_index=False, related_name="events")
    event_type = models.CharField(max_length=16, choices=BreakerEventType)
    trigger_value = AmountField(null=True, blank=True, help_text="The value that was measured.")
    threshold_value = AmountField(null=True, blank=True, help_text="The threshold at that time.")
    affected_orders = models.IntegerField(db_default=0, help_text="Number of orders.")
    affected_positions = models.IntegerField(db_default=0, help_text="Number of positions.")
    action_taken = models.CharField(max_length=20, choices=BreakerEventAction, db_default=BreakerEventAction.NONE)
    triggered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the system.",
    )
    note = models.TextField(blank=True, db_default="")

    class Meta(AppendOnlyEntity.Meta):
        db_table = "circuit_breaker_events"
        triggers = [
            *AppendOnlyEntity.Meta.triggers,
            risk_event("record_breaker_event", "NEW.event_type = 'triggered'"),
        ]
        constraints = [
            one_of("circuit_breaker_events", "event_type", BreakerEventType),
            one_of("circuit_breaker_events", "action_taken", BreakerEventAction),
            not_negative("circuit_breaker_events", "affected_orders"),
            not_negative("circuit_breaker_events", "affected_positions"),
            requires(
                "circuit_breaker_events",
                "override_by_person",
                ~Q(event_type=BreakerEventType.MANUAL_OVERRIDE) | Q(triggered_by__isnull=False),
                "An override names the person who did it.",
            ),
        ]
        indexes = [
            # A breaker's page, and the foreign key: its events, newest first.
            models.Index("breaker", F("created_at").desc(), name="circuit_breaker_events_brk_idx"),
            # A time range over all breakers (reports); rows arrive in time order.
            BrinIndex(fields=["created_at", "txid"], name="circuit_breaker_events_tm_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.created_at}"
