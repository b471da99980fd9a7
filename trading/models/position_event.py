"""What happened to a position."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import NullIf

from config.database.constraints import Agree, not_negative, one_of, positive, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import AppendOnlyLog
from config.numbers import plain
from trading.choices import PositionEvent


def _quantity_by_event() -> Q:
    larger = [PositionEvent.OPENED, PositionEvent.INCREASED]
    smaller = [PositionEvent.DECREASED, PositionEvent.LIQUIDATED]
    return Q(
        Case(
            When(event_type__in=larger, then=Q(quantity_after__gt=F("quantity_before"))),
            When(event_type__in=smaller, then=Q(quantity_after__lt=F("quantity_before"))),
            When(event_type=PositionEvent.CLOSED, then=Q(quantity_after=0)),
            default=Value(True),
            output_field=models.BooleanField(),
        )
    )


class PositionAudit(AppendOnlyLog):
    """One event of a position's life, numbered from 1; only the first opens it, from nothing.

    Opening and increasing make the quantity larger, decreasing and liquidating smaller, closing zero. One trade is one
    event, and no quantity changes without one. A composite key makes it a chain: an event begins with the quantity that
    the one before it has left (position_audit_chain_fk). `data` has the average price before and after.
    """

    position = models.ForeignKey("trading.Position", on_delete=models.PROTECT, db_index=False, related_name="events")
    seq = models.BigIntegerField(help_text="Number of the event within its position.")
    prev_seq = models.GeneratedField(
        expression=NullIf(F("seq") - Value(1), Value(0)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        help_text="Number of the event before; empty for the first.",
    )
    event_type = models.CharField(max_length=20, choices=PositionEvent)
    trade = models.ForeignKey(
        "trading.Trade",
        on_delete=models.PROTECT,
        db_index=False,
        related_name="position_events",
        null=True,
        blank=True,
        help_text="The trade that changed the quantity.",
    )
    quantity_before = AmountField(help_text="Contracts.")
    quantity_after = AmountField(help_text="Contracts.")
    price = AmountField(null=True, blank=True, help_text="Quote currency.")
    data = MetadataField(help_text="What else the event changed.")
    triggered_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="User id, algorithm or part of the system."
    )
    reason = models.CharField(max_length=255, blank=True, db_default="")

    class Meta(AppendOnlyLog.Meta):
        db_table = "position_audit"
        verbose_name = "position event"
        verbose_name_plural = "position audit"
        constraints = [
            # The chain's key; also a position's events in order.
            models.UniqueConstraint(fields=["position", "seq"], name="position_audit_position_seq_uniq"),
            # What the next event and the position's head point at.
            models.UniqueConstraint(fields=["position", "seq", "quantity_after"], name="position_audit_head_uniq"),
            # A trade changes a position once; the foreign key.
            models.UniqueConstraint(
                fields=["trade"], condition=Q(trade__isnull=False), name="position_audit_trade_uniq"
            ),
            positive("position_audit", "seq"),
            one_of("position_audit", "event_type", PositionEvent),
            not_negative("position_audit", "quantity_before"),
            not_negative("position_audit", "quantity_after"),
            positive("position_audit", "price"),
            requires(
                "position_audit",
                "first_event",
                Q(Agree(Q(seq=1), Q(event_type=PositionEvent.OPENED))) & (Q(seq__gt=1) | Q(quantity_before=0)),
                "The first event of a position, and no other, opens it, from nothing.",
            ),
            requires(
                "position_audit",
                "quantity_by_event",
                _quantity_by_event(),
                "The quantity changes as the event says.",
            ),
            requires(
                "position_audit",
                "trade_by_quantity",
                Q(Agree(Q(quantity_after=F("quantity_before")), Q(trade__isnull=True))),
                "The quantity changes by a trade, and by nothing else.",
            ),
        ]
        indexes = [
            # What happened in a period: surveillance, reconstruction of a day.
            BrinIndex(fields=["created_at", "txid"], name="position_audit_created_at_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.event_type} ({plain(self.quantity_before)} → {plain(self.quantity_after)})"
