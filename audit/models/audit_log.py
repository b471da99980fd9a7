"""Every change to an audited table."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from audit.choices import Action
from config.database.constraints import one_of
from config.database.fields import CreatedAtField, WrittenJSONField
from config.database.models import ByRange, PartitionedLog


class AuditLog(PartitionedLog):
    """One row's change in an audited table: what, and in which transaction; written by its triggers only.

    An update keeps the changed columns as `{"column": [old, new]}`, a deletion the whole row, an insertion nothing,
    since the table has the row. Of a secret only the fact that it changed is there, as "***". Who made the transaction,
    and why, is in `AuditContext`; what the row was after its newest change, in `AuditRowHashes`.

    The one B-tree is the primary key, (record_id, created_at, id): the history of one row, in order. The table's name
    would only make it wider, since an id is not used twice. The columns are in an order without gaps between them.
    """

    created_at = CreatedAtField(help_text="Time of the statement.")
    context_number = models.SmallIntegerField(db_default=1, help_text="Counts the contexts of the transaction.")
    record_id = models.UUIDField()
    table_name = models.CharField(max_length=63)
    action = models.CharField(max_length=6, choices=Action)
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
        constraints = [one_of("audit_log", "action", Action)]
        indexes = [
            # All changes of a period, reports and sealing; one change by its number.
            BrinIndex(fields=["created_at", "txid", "id"], name="audit_log_created_at_brin_idx"),
        ]

    class PartitioningMeta(ByRange):
        key = ["created_at"]

    def __str__(self) -> str:
        return f"{self.action} {self.table_name} {self.record_id}"
