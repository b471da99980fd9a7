"""The history of an account."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F
from django.db.models.functions import NullIf

from accounts.choices import AccountEvent
from config.database.constraints import one_of, positive
from config.database.fields import MetadataField
from config.database.models import AppendOnlyLog


class AccountAudit(AppendOnlyLog):
    """One event in an account's life, written by the database from the change itself; nobody writes it by hand.

    Events of an account are numbered from 1 without gaps (`account_audit_chain_fk`). Who caused one, and why, come from
    the transaction's settings `trading.actor` and `trading.reason`.
    """

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="events", db_index=False)
    seq = models.BigIntegerField(help_text="Number of the event in its account, from 1.")
    prev_seq = models.GeneratedField(
        expression=NullIf(F("seq") - 1, 0), output_field=models.BigIntegerField(null=True), db_persist=True
    )
    event_type = models.CharField(max_length=20, choices=AccountEvent)
    data = MetadataField(help_text="The facts of the event, such as the leverage before and after.")
    triggered_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="A user's id, or the name of a service."
    )
    reason = models.TextField(blank=True, db_default="")

    class Meta(AppendOnlyLog.Meta):
        db_table = "account_audit"
        verbose_name = "account event"
        constraints = [
            # Also an account's history in order.
            models.UniqueConstraint(fields=["account", "seq"], name="account_audit_account_seq_uniq"),
            positive("account_audit", "seq"),
            one_of("account_audit", "event_type", AccountEvent),
        ]
        indexes = [
            # Events of a period over all accounts: the daily report.
            BrinIndex(fields=["created_at", "txid"], name="account_audit_time_brin_idx", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.seq}. {self.event_type}"
