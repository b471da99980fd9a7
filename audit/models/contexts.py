"""Who made the changes of a transaction, from where and why."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from psqlextra.models import PostgresPartitionedModel

from config.database import triggers
from config.database.fields import CreatedAtField
from config.database.models import ByRange


class AuditContext(PostgresPartitionedModel):
    """What a transaction said about itself when it first changed an audited table; `db_user` is the login it had.

    A transaction has one, and another one (`number` 2, 3, …) each time it says something else. Written by the triggers
    of audited tables only. What it says is the application's word; what it cannot say is another login's name.
    """

    # With created_at, by which the table is cut.
    txid = models.BigIntegerField("transaction", primary_key=True)
    created_at = CreatedAtField()
    number = models.SmallIntegerField(help_text="Counts the contexts of a transaction from 1.")
    user_id = models.UUIDField(null=True, help_text="Who; empty where no person was involved.")
    user_ip = models.GenericIPAddressField(null=True)
    user_agent = models.TextField(db_default="")
    session_id = models.CharField(max_length=128, db_default="", help_text="SHA-256 of the session's key.")
    request_id = models.CharField(max_length=64, db_default="")
    service = models.CharField(max_length=64, db_default="", help_text="Program that made the change.")
    reason = models.TextField(db_default="")
    db_user = models.CharField("login", max_length=63, help_text="Role that the session logged in as.")

    objects: models.Manager[Any] = models.Manager()

    #: By which a seal names the row.
    sealed_key = ("txid", "number")

    class Meta:
        base_manager_name = "objects"
        db_table = "audit_contexts"
        verbose_name = "context"
        triggers = triggers.append_only()
        indexes = [
            # What one person did, newest first.
            models.Index(
                "user_id",
                F("created_at").desc(),
                name="audit_contexts_user_idx",
                condition=Q(user_id__isnull=False),
            ),
        ]

    class PartitioningMeta(ByRange):
        key = ["created_at"]

    def __str__(self) -> str:
        return str(self.user_id or self.service or self.db_user)
