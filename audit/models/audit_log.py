"""Every change to an audited table."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from audit.choices import Action
from config.database.constraints import one_of, requires
from config.database.fields import CreatedAtField, WrittenJSONField
from config.database.models import ByRange, PartitionedLog


class AuditLog(PartitionedLog):
    """One row's change in an audited table: what, and in which transaction; written by its triggers only.

    An update keeps the changed columns as `{"column": [old, new]}`, a deletion the whole row, an insertion
    nothing, since the table has the row. Of a secret only the fact that it changed is there, as "***". `after_hash` is
    the SHA-256 of the row after the change (`audit.capture.columns.row_hash`).
    Who made the transaction, and why, is in `AuditContext`.

    The one B-tree is the primary key, (record_id, created_at, id): the history of one row, in order. The table's name
    would only make it wider, since an id is not used twice. The columns are in an order without gaps between them.
    """

    created_at = CreatedAtField(help_text="Time of the statement.")
    layout = models.IntegerField(help_text="Which columns the hash covers: a row of audit_layouts.")
    context_number = models.SmallIntegerField(db_default=1, help_text="Counts the contexts of the transaction.")
    record_id = models.UUIDField()
    table_name = models.CharField(max_length=63)
    action = models.CharField(max_length=6, choices=Action)
    after_hash = models.BinaryField(null=True, help_text="SHA-256 of the row after the change; empty after a deletion.")
    changes = WrittenJSONField(help_text="Changed columns, old and new.")
    context = models.ForeignObject(
        "audit.AuditContext",
        from_fields=["txid", "context_number"],
        to_fields=["txid", "number"],
        on_delete=models.DO_NOTHING,
        related_name="changes",
        null=True,
    )

    class Meta(PartitionedLog.Meta):
        db_table = "audit_log"
        verbose_name = "change"
        constraints = [
            one_of("audit_log", "action", Action),
            requires(
                "audit_log",
                "after_hash",
                Q(action=Action.DELETE, after_hash__isnull=True)
                | (~Q(action=Action.DELETE) & Q(after_hash__isnull=False)),
                "A row that is still there has a hash.",
            ),
        ]
        indexes = [
            # All changes of a period, reports and sealing; one change by its number.
            BrinIndex(fields=["created_at", "txid", "id"], name="audit_log_created_at_brin_idx"),
        ]

    class PartitioningMeta(ByRange):
        key = ["created_at"]

    def __str__(self) -> str:
        return f"{self.action} {self.table_name} {self.record_id}"
