"""Seals over the logs."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, RangeOperators
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Func, Q

from config.database.constraints import not_negative, requires
from config.database.models import AppendOnlyLog

_DIGEST_BYTES = 32


class _OctetLength(models.Transform):
    """`octet_length(column)`."""

    lookup_name = "octets"
    function = "octet_length"
    output_field = models.IntegerField()


models.BinaryField.register_lookup(_OctetLength)


class AuditSeal(AppendOnlyLog):
    """Proof of what one table's rows of the transactions `lo` ≤ txid < `hi` were when they were sealed.

    `root` is the SHA-256 over those rows' hashes in order, `hash` the one over previous hash, bounds, count
    and root: a chain per table, in which no period is sealed twice and no seal has two successors.
    """

    sealed_table = models.CharField(max_length=63)
    lo = models.BigIntegerField("first transaction")
    hi = models.BigIntegerField("end", help_text="First transaction that is not sealed.")
    row_count = models.BigIntegerField()
    root = models.BinaryField(help_text="32 bytes.")
    previous_hash = models.BinaryField(null=True, help_text="Hash of the seal before; empty in a table's first seal.")
    hash = models.BinaryField(help_text="32 bytes.")
    sealed_at = models.DateTimeField(db_default=TransactionNow())

    class Meta(AppendOnlyLog.Meta):
        db_table = "audit_seals"
        constraints = [
            models.UniqueConstraint(fields=["hash"], name="audit_seals_hash_uniq"),
            # A chain does not fork: also a table's first seal, without a previous one, is single.
            models.UniqueConstraint(
                fields=["sealed_table", "previous_hash"],
                name="audit_seals_successor_uniq",
                nulls_distinct=False,
            ),
            ExclusionConstraint(
                name="audit_seals_transactions_excl",
                expressions=[
                    ("sealed_table", RangeOperators.EQUAL),
                    (
                        Func(F("lo"), F("hi"), function="int8range", output_field=BigIntegerRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="These transactions are sealed already.",
            ),
            requires("audit_seals", "period", Q(hi__gt=F("lo")), "A seal covers at least one transaction."),
            not_negative("audit_seals", "row_count"),
            requires("audit_seals", "root_length", Q(root__octets=_DIGEST_BYTES), "A SHA-256 has 32 bytes."),
            requires("audit_seals", "hash_length", Q(hash__octets=_DIGEST_BYTES), "A SHA-256 has 32 bytes."),
            requires(
                "audit_seals",
                "previous_hash_length",
                Q(previous_hash__isnull=True) | Q(previous_hash__octets=_DIGEST_BYTES),
                "A SHA-256 has 32 bytes.",
            ),
        ]
        indexes = [
            # A table's newest seal, where the next one begins.
            models.Index("sealed_table", F("hi").desc(), name="audit_seals_newest_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.sealed_table} {self.lo} to {self.hi}"
