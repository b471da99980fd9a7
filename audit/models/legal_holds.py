"""What must be kept although its time is over."""

from django.db import models
from django.db.models import F, Q

from audit.triggers import append_only_but_for_release
from config.database.constraints import requires
from config.database.fields import TransactionField
from config.database.models import Entity


class LegalHold(Entity):
    """Somebody (a court, a regulator, a lawyer) wants the rows of a period kept: none of its partitions leaves.

    Append-only but for its release, which is written once.
    """

    #: Written when the hold is released.
    unsealed_columns = frozenset({"released_at", "released_by", "release_reason"})

    txid = TransactionField()
    table_name = models.CharField(max_length=63, db_default="", help_text="Empty: every table.")
    held_from = models.DateTimeField()
    held_until = models.DateTimeField(null=True, help_text="First time that is not held; empty: without end.")
    reason = models.TextField()
    placed_by = models.CharField(max_length=150)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=150, db_default="")
    release_reason = models.TextField(db_default="")

    class Meta(Entity.Meta):
        db_table = "legal_holds"
        triggers = append_only_but_for_release()
        constraints = [
            requires(
                "legal_holds",
                "period",
                Q(held_until__isnull=True) | Q(held_until__gt=F("held_from")),
                "A period ends after it begins.",
            ),
            requires("legal_holds", "reason", ~Q(reason="") & ~Q(placed_by=""), "A hold has a reason and a person."),
            requires(
                "legal_holds",
                "release",
                Q(released_at__isnull=True, released_by="", release_reason="")
                | (Q(released_at__isnull=False) & ~Q(released_by="") & ~Q(release_reason="")),
                "A release has a time, a person and a reason.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table_name or 'every table'} from {self.held_from:%Y-%m-%d}: {self.reason}"
