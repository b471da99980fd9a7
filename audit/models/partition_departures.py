"""The periods that have left the database."""

from django.db import models
from django.db.models import F, Q

from audit.triggers import refuse_held_departure
from config.database.constraints import not_negative, requires
from config.database.models import AppendOnlyLog

_DIGEST_BYTES = 32


class PartitionDeparture(AppendOnlyLog):
    """A partition that was dropped: which rows it held, and the file that holds them now.

    Written by `partitions` in the transaction that drops it, and refused while a legal hold covers the period.
    """

    table_name = models.CharField(max_length=63)
    partition_name = models.CharField(max_length=63)
    period_from = models.DateTimeField()
    period_until = models.DateTimeField(help_text="First time that is not in it.")
    row_count = models.BigIntegerField()
    content_hash = models.BinaryField(help_text="32 bytes over all rows, whatever their order.")
    file_name = models.TextField(db_default="", help_text="Below ARCHIVE_DIR; empty if it was not exported.")
    file_bytes = models.BigIntegerField(null=True)
    file_sha256 = models.BinaryField(null=True, help_text="32 bytes.")

    class Meta(AppendOnlyLog.Meta):
        db_table = "partition_departures"
        triggers = [*AppendOnlyLog.Meta.triggers, refuse_held_departure()]
        constraints = [
            requires(
                "partition_departures", "period", Q(period_until__gt=F("period_from")), "A period ends after it begins."
            ),
            not_negative("partition_departures", "row_count"),
            requires(
                "partition_departures",
                "content_hash_length",
                Q(content_hash__octets=_DIGEST_BYTES),
                "A hash has 32 bytes.",
            ),
            requires(
                "partition_departures",
                "file",
                Q(file_name="", file_bytes__isnull=True, file_sha256__isnull=True)
                | (
                    # A comparison with null is not false, and would let the row pass.
                    Q(file_bytes__isnull=False, file_sha256__isnull=False, file_bytes__gt=0)
                    & ~Q(file_name="")
                    & Q(file_sha256__octets=_DIGEST_BYTES)
                ),
                "A file has a name, a size and a SHA-256.",
            ),
            # A file is never overwritten by another departure.
            models.UniqueConstraint(
                fields=["file_name"], condition=~Q(file_name=""), name="partition_departures_file_uniq"
            ),
        ]
        indexes = [
            # What has left of a table, in the order of time.
            models.Index(fields=["table_name", "period_from"], name="partition_departures_time_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.partition_name}: {self.row_count} rows"
