"""What the risk desk must know."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from audit.choices import RiskEventType, Severity
from config.database.constraints import one_of
from config.database.fields import AmountField, MetadataField
from config.database.models import AppendOnlyLog


class RiskEvent(AppendOnlyLog):
    """A margin call, a stop-out, a breach: what was measured, and the threshold that it crossed."""

    event_type = models.CharField(max_length=32, choices=RiskEventType)
    severity = models.CharField(max_length=10, choices=Severity, db_default=Severity.WARNING)
    user_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)
    position_id = models.UUIDField(null=True)
    instrument_id = models.UUIDField(null=True)
    measured = AmountField(null=True, help_text="In the unit of the threshold.")
    threshold = AmountField(null=True, help_text="Percent for a margin call or stop-out, else the limit's own unit.")
    description = models.TextField(db_default="")
    action_taken = models.TextField(db_default="", help_text="What the system or the desk did about it.")
    details = MetadataField()

    class Meta(AppendOnlyLog.Meta):
        db_table = "risk_events"
        constraints = [
            one_of("risk_events", "event_type", RiskEventType),
            one_of("risk_events", "severity", Severity),
        ]
        indexes = [
            # What happened to one account, newest first.
            models.Index(
                "account_id",
                F("created_at").desc(),
                name="risk_events_account_idx",
                condition=Q(account_id__isnull=False),
            ),
            # Events of one type, newest first: the desk's list.
            models.Index("event_type", F("created_at").desc(), name="risk_events_type_idx"),
            # Everything of a period: reports.
            BrinIndex(fields=["created_at", "txid"], name="risk_events_time_brin_idx", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} ({self.severity})"
