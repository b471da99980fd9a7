"""Hashes of the rows of audited tables."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from config.database.constraints import requires
from config.database.fields import CreatedAtField
from config.database.models import ByRange, PartitionedLog


class AuditRowHashes(PartitionedLog):
    """What up to 1,024 rows of one audited table were after all transactions below `hi`; written with seals of the log.

    The log has what each change took away, and only the table has the newest version of a row. A hash of it ties the
    two together: `audit.capture.columns.row_hash` over the columns of `layout`. A row gets one when its newest change
    is sealed.
    """

    created_at = CreatedAtField()
    hi = models.BigIntegerField("end", help_text="First transaction whose changes are not in the hashes.")
    layout = models.IntegerField(help_text="Which columns the hashes cover: a row of audit_layouts.")
    table_name = models.CharField(max_length=63)
    # Neither can be compressed: both are kept as they are (STORAGE EXTERNAL).
    keys = models.BinaryField(help_text="The rows' ids, 16 bytes each.")
    hashes = models.BinaryField(help_text="The SHA-256 of each, 32 bytes.")

    class Meta(PartitionedLog.Meta):
        db_table = "audit_row_hashes"
        verbose_name_plural = "row hashes"
        constraints = [
            requires(
                "audit_row_hashes",
                "length",
                Q(hashes__octets=F("keys__octets") * 2, keys__octets__gt=0),
                "Each key of 16 bytes has a hash of 32.",
            ),
        ]
        indexes = [BrinIndex(fields=["created_at", "txid"], name="audit_row_hashes_time_brin_idx")]

    class PartitioningMeta(ByRange):
        key = ["created_at"]

    def __str__(self) -> str:
        return f"{self.table_name} up to {self.hi}"
