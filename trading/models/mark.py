"""At what price positions are valued."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from config.database.constraints import positive, requires
from config.database.fields import AmountField, CreatedAtField
from config.database.models import ByRange, PartitionedLog
from config.numbers import plain


class InstrumentMark(PartitionedLog):
    """The price of an instrument at a moment, as used for profit and loss, value at risk and markouts.

    One mark per instrument and moment; bid ≤ mid ≤ ask as far as they are known. A log: the instrument is not
    a foreign key in the database.
    """

    instrument = models.ForeignKey(
        "trading.Instrument", on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    marked_at = models.DateTimeField()
    mid = AmountField(help_text="Quote currency.")
    bid = AmountField(null=True, blank=True, help_text="Quote currency; empty if only the mid is known.")
    ask = AmountField(null=True, blank=True, help_text="Quote currency; empty if only the mid is known.")
    source = models.CharField(max_length=32, blank=True, db_default="", help_text="What made the mark.")
    created_at = CreatedAtField()

    class Meta(PartitionedLog.Meta):
        db_table = "instrument_marks"
        constraints = [
            # Also serves the last mark before a moment, and the marks of a period.
            models.UniqueConstraint(fields=["instrument", "marked_at"], name="instrument_marks_moment_uniq"),
            positive("instrument_marks", "mid"),
            positive("instrument_marks", "bid"),
            requires(
                "instrument_marks",
                "bid_mid_ask",
                Q(mid__gte=F("bid"), mid__lte=F("ask")),
                "The mid lies between bid and ask.",
            ),
        ]
        indexes = [
            # All marks of a period, for revaluation of the whole book.
            BrinIndex(fields=["marked_at", "txid"], name="instrument_marks_marked_at_idx"),
        ]

    class PartitioningMeta(ByRange):
        key = ["marked_at"]

    def __str__(self) -> str:
        return f"{plain(self.mid)} at {self.marked_at:%Y-%m-%d %H:%M:%S}"
