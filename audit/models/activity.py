"""What users did with their own access."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F

from audit.choices import Activity
from config.database.constraints import one_of
from config.database.fields import CreatedAtField, MetadataField
from config.database.models import ByRange, PartitionedLog


class UserActivityLog(PartitionedLog):
    """A log-in, a changed password, a new key: never the secret, nor what was typed at a failed log-in."""

    created_at = CreatedAtField()
    user_id = models.UUIDField(null=True, help_text="Empty where a failed log-in named nobody.")
    activity_type = models.CharField(max_length=24, choices=Activity)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.TextField(db_default="")
    session_id = models.CharField(max_length=128, db_default="")
    details = MetadataField()

    class Meta(PartitionedLog.Meta):
        db_table = "user_activity_log"
        verbose_name = "user activity"
        verbose_name_plural = "user activity"
        constraints = [one_of("user_activity_log", "activity_type", Activity)]
        indexes = [
            # What one user did, newest first: his page, and questions of the regulator.
            models.Index("user_id", F("created_at").desc(), name="user_activity_user_idx"),
            # Guessing of passwords: failed log-ins from one address in the last minutes.
            models.Index(
                "ip_address",
                F("created_at").desc(),
                name="user_activity_failed_idx",
                condition=models.Q(activity_type=Activity.LOGIN_FAILED),
            ),
            # Everything of a period: reports.
            BrinIndex(fields=["created_at", "txid"], name="user_activity_time_brin_idx"),
        ]

    class PartitioningMeta(ByRange):
        key = ["created_at"]

    def __str__(self) -> str:
        return f"{self.activity_type} {self.user_id or ''}".strip()
