"""What happened to the system itself."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from audit.choices import Severity, SystemEventType
from audit.triggers import verified_point
from config.database.constraints import one_of, requires
from config.database.fields import CreatedAtField, MetadataField
from config.database.models import ByRange, PartitionedLog


class SystemEvent(PartitionedLog):
    """A start, a backup, an error: written by commands and services through `record_system_event`."""

    created_at = CreatedAtField()
    event_type = models.CharField(max_length=32, choices=SystemEventType)
    severity = models.CharField(max_length=10, choices=Severity, db_default=Severity.INFO)
    message = models.TextField()
    details = MetadataField()
    service = models.CharField(max_length=64, db_default="", help_text="Command or service that wrote it.")
    host = models.CharField(max_length=255, db_default="")

    class Meta(PartitionedLog.Meta):
        db_table = "system_events"
        triggers = [*PartitionedLog.Meta.triggers, verified_point()]
        constraints = [
            one_of("system_events", "event_type", SystemEventType),
            one_of("system_events", "severity", Severity),
            requires("system_events", "message", ~Q(message=""), "An event says what happened."),
        ]
        indexes = [
            # The last event of a type, such as the last backup.
            models.Index("event_type", F("created_at").desc(), name="system_events_type_idx"),
            # What an operator must see: the rare rows.
            models.Index(
                F("created_at").desc(),
                name="system_events_alarm_idx",
                condition=Q(severity__in=[Severity.ERROR, Severity.CRITICAL]),
            ),
            # Everything of a period: reports.
            BrinIndex(fields=["created_at", "txid"], name="system_events_time_brin_idx"),
        ]

    class PartitioningMeta(ByRange):
        key = ["created_at"]

    def __str__(self) -> str:
        return f"{self.event_type}: {self.message}"
