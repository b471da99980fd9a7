"""Seals over the logs: a chain of hashes, and what it takes to name a row that no longer fits."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, RangeOperators
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Func, Q

from audit.choices import SealKind
from config.database.constraints import not_negative, one_of, requires
from config.database.models import AppendOnlyLog

_DIGEST_BYTES = 32


class _OctetLength(models.Transform):
    """`octet_length(column)`."""

    lookup_name = "octets"
    function = "octet_length"
    output_field = models.IntegerField()


models.BinaryField.register_lookup(_OctetLength)


class AuditSeal(AppendOnlyLog):
    """One link of the chain; `audit.sealing.chain` says what its `hash` covers.

    A seal of `rows` proves what one table's rows of the transactions `lo` ≤ txid < `hi` were when they were sealed, of
    a partitioned table those of one period. The other kinds say what else a verifier must know: where the chain began,
    which columns a hash covers, which functions and triggers there are, which partition was dropped. There is one chain
    over all tables, so its newest hash vouches for everything; no link has two successors, no period is sealed twice.
    """

    kind = models.CharField(max_length=10, choices=SealKind)
    sealed_table = models.CharField(max_length=63, db_default="", help_text="Empty where it concerns no table.")
    period = models.CharField(
        max_length=10, db_default="", help_text="First day (UTC) of a partition's period; empty for other tables."
    )
    lo = models.BigIntegerField("first transaction", null=True)
    hi = models.BigIntegerField("end", null=True, help_text="First transaction that is not sealed.")
    row_count = models.BigIntegerField(db_default=0)
    root = models.BinaryField(help_text="Of the Merkle tree over the rows' hashes; 32 bytes.")
    details = models.TextField(db_default="", help_text="JSON; its exact text is sealed.")
    previous_hash = models.BinaryField(null=True, help_text="Hash of the seal before; empty in the first seal.")
    hash = models.BinaryField(help_text="32 bytes.")
    sealed_at = models.DateTimeField(db_default=TransactionNow())

    class Meta(AppendOnlyLog.Meta):
        db_table = "audit_seals"
        constraints = [
            # A foreign key points at it: `audit_seals_previous_hash_fk`.
            models.UniqueConstraint(fields=["hash"], name="audit_seals_hash_uniq"),
            # The chain does not fork: also the first seal, without a previous one, is single.
            models.UniqueConstraint(fields=["previous_hash"], name="audit_seals_successor_uniq", nulls_distinct=False),
            ExclusionConstraint(
                name="audit_seals_transactions_excl",
                expressions=[
                    ("sealed_table", RangeOperators.EQUAL),
                    ("period", RangeOperators.EQUAL),
                    (
                        Func(F("lo"), F("hi"), function="int8range", output_field=BigIntegerRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(kind=SealKind.ROWS),
                violation_error_message="These transactions are sealed already.",
            ),
            one_of("audit_seals", "kind", SealKind),
            requires(
                "audit_seals",
                "period",
                Q(kind=SealKind.ROWS, lo__isnull=False, hi__gt=F("lo")) & ~Q(sealed_table="")
                | ~Q(kind=SealKind.ROWS) & Q(lo__isnull=True, hi__isnull=True),
                "A seal of rows, and no other, covers at least one transaction of a table.",
            ),
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
            # The newest layout of a table, the newest code, every tombstone: the rare ones among the seals of rows.
            models.Index(
                fields=["kind", "sealed_table", "id"],
                name="audit_seals_statements_idx",
                condition=~Q(kind=SealKind.ROWS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id}. {self.kind} {self.sealed_table}".strip()


class AuditSealChunk(AppendOnlyLog):
    """Up to 1,024 rows of a seal: a node of its Merkle tree, and which rows they were.

    The node follows from the rows. Keys and the first eight bytes of the rows' hashes are kept so that a row that was
    changed, removed or added can be named, not only the seal that it breaks. They prove nothing themselves.
    """

    seal_id = models.BigIntegerField()
    number = models.IntegerField(help_text="From 0, in the order of (transaction, key).")
    row_count = models.IntegerField()
    node = models.BinaryField(help_text="32 bytes.")
    keys = models.BinaryField(help_text="The rows' keys: 8 bytes each, or 16 of a UUID.")
    prefixes = models.BinaryField(help_text="First 8 bytes of each row's SHA-256.")

    class Meta(AppendOnlyLog.Meta):
        db_table = "audit_seal_chunks"
        constraints = [
            models.UniqueConstraint(fields=["seal_id", "number"], name="audit_seal_chunks_seal_uniq"),
            requires("audit_seal_chunks", "node_length", Q(node__octets=_DIGEST_BYTES), "A SHA-256 has 32 bytes."),
        ]

    def __str__(self) -> str:
        return f"{self.seal_id}/{self.number}"
