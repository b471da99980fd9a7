"""What a person should look at."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from config.database.constraints import one_of, positive, requires
from config.database.fields import MetadataField
from config.database.models import MutableEntity
from risk.choices import (
    CLOSED_ALERTS,
    OPEN_ALERTS,
    AlertSeverity,
    AlertStatus,
    AlertType,
    NotificationChannel,
)


class RiskAlert(MutableEntity):
    """A finding, with what became of it.

    At most one open alert has a given `dedup_key`: what is found again while it is open raises `occurrences`.
    An acknowledgement and a closing have their time. A closing by a person names him, the system's does not.
    """

    alert_type = models.CharField(max_length=20, choices=AlertType)
    severity = models.CharField(max_length=16, choices=AlertSeverity, db_default=AlertSeverity.MEDIUM)
    title = models.CharField(max_length=255)
    message = models.TextField(blank=True, db_default="")
    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="risk_alerts",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    instrument = models.ForeignKey(
        "trading.Instrument",
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    position = models.ForeignKey(
        "trading.Position", on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    dedup_key = models.CharField(
        max_length=128,
        blank=True,
        db_default="",
        help_text="Equal for findings of the same thing; empty: never the same.",
    )
    occurrences = models.IntegerField(db_default=1, help_text="How often it was found while open.")
    last_occurred_at = models.DateTimeField(db_default=Now())
    status = models.CharField(max_length=16, choices=AlertStatus, db_default=AlertStatus.ACTIVE)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    notification_channels = ArrayField(
        models.CharField(max_length=16, choices=NotificationChannel),
        db_default=[],
        blank=True,
        help_text="Where people are told, beside this list.",
    )
    details = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "risk_alerts"
        constraints = [
            one_of("risk_alerts", "alert_type", AlertType),
            one_of("risk_alerts", "severity", AlertSeverity),
            one_of("risk_alerts", "status", AlertStatus),
            requires("risk_alerts", "title_present", ~Q(title=""), "An alert has a title."),
            positive("risk_alerts", "occurrences"),
            requires(
                "risk_alerts",
                "notification_channels",
                Q(notification_channels__contained_by=NotificationChannel.values),
                f"Channels are: {', '.join(NotificationChannel.values)}.",
            ),
            requires(
                "risk_alerts",
                "acknowledged_by_person",
                Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                "An acknowledgement has a time and a person.",
            ),
            requires(
                "risk_alerts",
                "acknowledged_at_present",
                (~Q(status=AlertStatus.ACTIVE) | Q(acknowledged_at__isnull=True))
                & (~Q(status=AlertStatus.ACKNOWLEDGED) | Q(acknowledged_at__isnull=False)),
                "An active alert is not acknowledged yet, an acknowledged one is.",
            ),
            requires(
                "risk_alerts",
                "resolved_at_present",
                (~Q(status__in=CLOSED_ALERTS) & Q(resolved_at__isnull=True, resolved_by__isnull=True))
                | Q(status__in=CLOSED_ALERTS, resolved_at__isnull=False),
                "The time of the closing is set exactly when the alert is closed.",
            ),
            models.UniqueConstraint(
                fields=["dedup_key"],
                condition=Q(status__in=OPEN_ALERTS) & ~Q(dedup_key=""),
                name="risk_alerts_open_dedup_key_uniq",
                violation_error_message="The same finding is open already.",
            ),
        ]
        indexes = [
            # The risk desk's queue: what nobody has taken up, by severity and age.
            models.Index(
                fields=["severity", "created_at"],
                condition=Q(status=AlertStatus.ACTIVE),
                name="risk_alerts_active_idx",
            ),
            # An account's page: its alerts, newest first.
            models.Index(
                "account",
                F("created_at").desc(),
                condition=Q(account__isnull=False),
                name="risk_alerts_account_idx",
            ),
            # A client's page: his alerts, newest first.
            models.Index("user", F("created_at").desc(), condition=Q(user__isnull=False), name="risk_alerts_user_idx"),
            # The admin's search for a fact in the details: {"rule": …}.
            GinIndex(fields=["details"], opclasses=["jsonb_path_ops"], name="risk_alerts_details_idx"),
            # A time range over all alerts (reports); rows arrive in time order.
            BrinIndex(fields=["created_at"], name="risk_alerts_created_idx"),
        ]

    def __str__(self) -> str:
        return self.title
