"""What compliance checked, reviewed and reported."""

from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import F, Q

from audit.choices import ComplianceEventType, ReviewStatus, Severity
from config.database.constraints import one_of, requires
from config.database.fields import MetadataField
from config.database.models import AppendOnlyLog


class ComplianceEvent(AppendOnlyLog):
    """A check or report, or one step of its review.

    Nothing is overwritten: a step is a new row that `follows` the one before and names the reviewer and his
    grounds. A row has at most one successor, so two reviewers cannot decide the same case.
    """

    event_type = models.CharField(max_length=32, choices=ComplianceEventType)
    status = models.CharField(max_length=16, choices=ReviewStatus, db_default=ReviewStatus.OPEN)
    severity = models.CharField(max_length=10, choices=Severity, db_default=Severity.INFO)
    user_id = models.UUIDField(null=True, help_text="The client in question.")
    account_id = models.UUIDField(null=True)
    order_id = models.UUIDField(null=True)
    description = models.TextField(db_default="")
    details = MetadataField()
    follows = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="successors",
        db_index=False,
        help_text="The step before.",
    )
    reviewed_by = models.UUIDField(null=True, help_text="The reviewer; empty in a case's first row.")
    review_notes = models.TextField(db_default="")

    class Meta(AppendOnlyLog.Meta):
        db_table = "compliance_events"
        constraints = [
            models.UniqueConstraint(
                fields=["follows"], name="compliance_events_follows_uniq", condition=Q(follows__isnull=False)
            ),
            one_of("compliance_events", "event_type", ComplianceEventType),
            one_of("compliance_events", "status", ReviewStatus),
            one_of("compliance_events", "severity", Severity),
            requires(
                "compliance_events",
                "review",
                Q(follows__isnull=True, reviewed_by__isnull=True, review_notes="")
                | (Q(follows__isnull=False, reviewed_by__isnull=False) & ~Q(review_notes="")),
                "A step of a review, and nothing else, names its reviewer and his grounds.",
            ),
            requires(
                "compliance_events",
                "follows_earlier",
                Q(follows__isnull=True) | Q(follows__lt=F("id")),
                "A step follows an earlier one.",
            ),
        ]
        indexes = [
            # A client's file, newest first.
            models.Index(
                "user_id",
                F("created_at").desc(),
                name="compliance_events_user_idx",
                condition=Q(user_id__isnull=False),
            ),
            # The queue: cases that somebody must look at, oldest first.
            models.Index(
                fields=["event_type", "created_at"],
                name="compliance_events_queue_idx",
                condition=Q(status__in=[ReviewStatus.OPEN, ReviewStatus.UNDER_REVIEW, ReviewStatus.ESCALATED]),
            ),
            # Cases by what was found, such as a sanctions list or a report's number.
            GinIndex(fields=["details"], name="compliance_events_details_idx", opclasses=["jsonb_path_ops"]),
            # Everything of a period: reports.
            BrinIndex(fields=["created_at", "txid"], name="compliance_events_time_idx", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} ({self.status})"
