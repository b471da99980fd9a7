"""What may happen to an order, and what did."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import NullIf

from config.database.constraints import Agree, one_of, positive, requires
from config.database.fields import MetadataField
from config.database.models import AppendOnlyLog, Entity
from trading.choices import NO_STATUS, STATUSES_BEFORE, ExecType, OrderEvent, OrderStatus

STATUS_BEFORE_CHOICES = [(NO_STATUS, "None"), *OrderStatus.choices]


class OrderStatusTransition(Entity):
    """A legal change of an order's status: the pairs of FIX 5.0 SP2, appendix D, and a broker's own.

    `exec_type` is what FIX reports for it: `trade_cancel` marks what only a bust trade may cause. A status that stays
    is a change of something else: `restated`, a fill, a correction. The rows are part of the schema: a migration
    writes them, the application reads them.
    """

    from_status = models.CharField(max_length=20, choices=STATUS_BEFORE_CHOICES)
    to_status = models.CharField(max_length=20, choices=OrderStatus)
    exec_type = models.CharField(max_length=16, choices=ExecType)

    class Meta:
        db_table = "order_status_transitions"
        constraints = [
            # What an event's (previous status, new status, exec type) points at.
            models.UniqueConstraint(
                fields=["from_status", "to_status", "exec_type"], name="order_status_transitions_change_uniq"
            ),
            requires(
                "order_status_transitions",
                "from_status",
                Q(from_status__in=STATUSES_BEFORE),
                f"from_status is one of: {', '.join(STATUSES_BEFORE)}.",
            ),
            one_of("order_status_transitions", "to_status", OrderStatus),
            one_of("order_status_transitions", "exec_type", ExecType),
        ]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"


class OrderAudit(AppendOnlyLog):
    """One event of an order's life, numbered from 1; only the first begins with no status.

    A trigger of `orders` writes it, nobody else may. Composite keys make it a chain: an event begins with the status
    that the one before ended with (order_audit_chain_fk), each step is legal (order_audit_transition_fk), and the order
    stands where the last one left it (orders_head_fk).
    """

    order = models.ForeignKey("trading.Order", on_delete=models.PROTECT, db_index=False, related_name="events")
    seq = models.BigIntegerField(help_text="Number of the event within its order.")
    prev_seq = models.GeneratedField(
        expression=NullIf(F("seq") - Value(1), Value(0)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        help_text="Number of the event before; empty for the first.",
    )
    event_type = models.CharField(max_length=20, choices=OrderEvent)
    exec_type = models.CharField(max_length=16, choices=ExecType)
    previous_status = models.CharField(max_length=20, choices=STATUS_BEFORE_CHOICES)
    new_status = models.CharField(max_length=20, choices=OrderStatus)
    data = MetadataField(help_text="What the event changed: old and new value by column.")
    triggered_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="User id, algorithm or part of the system."
    )
    reason = models.CharField(max_length=255, blank=True, db_default="")
    liquidity_provider_id = models.UUIDField(null=True, blank=True)
    venue = models.CharField(max_length=32, blank=True, db_default="", help_text="MIC (ISO 10383) or provider.")

    class Meta(AppendOnlyLog.Meta):
        db_table = "order_audit"
        verbose_name = "order event"
        verbose_name_plural = "order audit"
        constraints = [
            # One event per number; also an order's events in order.
            models.UniqueConstraint(fields=["order", "seq"], name="order_audit_order_seq_uniq"),
            # What the next event and the order's head point at.
            models.UniqueConstraint(fields=["order", "seq", "new_status"], name="order_audit_head_uniq"),
            positive("order_audit", "seq"),
            # The other vocabularies are those of the transition that it is.
            one_of("order_audit", "event_type", OrderEvent),
            requires(
                "order_audit",
                "first_event",
                Q(Agree(Q(seq=1), Q(previous_status=NO_STATUS))),
                "The first event of an order, and no other, begins with no status.",
            ),
        ]
        indexes = [
            # What happened in a period: surveillance, reconstruction of a day.
            BrinIndex(fields=["created_at", "txid"], name="order_audit_created_at_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.event_type} ({self.previous_status} → {self.new_status})"
