"""What clients ask of orders that are there."""

import pgtrigger
from django.db import models
from django.db.models import Q

from config.database.constraints import one_of, requires
from config.database.fields import AmountField
from config.database.models import MutableEntity
from config.database.triggers import SharedTrigger, never_removed, written_now
from trading.choices import OrderRequestKind, OrderRequestStatus, TimeInForce

_NO_PRICES = {f"{name}__isnull": True for name in ("price", "stop_price", "limit_price", "trailing_distance")}


class OrderChangeRequest(MutableEntity):
    """A request to cancel or to replace an order, and the terms that a replaced order shall have (all of them).

    Writing it makes the order `pending_cancel` or `pending_replace`; `seq` is the number of that event. The order
    decides it: whoever leaves the pending status by canceling, or by changing the terms, has accepted it; any other way
    (a fill of all that remained, expiry, back to work) has rejected it. Quantities in contracts, prices in quote
    currency.
    """

    # The unique key (order, seq) below serves this foreign key.
    order = models.ForeignKey("trading.Order", on_delete=models.PROTECT, db_index=False, related_name="change_requests")
    seq = models.BigIntegerField(editable=False, help_text="Number of the order's event that this request is.")
    kind = models.CharField(max_length=8, choices=OrderRequestKind)
    status = models.CharField(max_length=8, choices=OrderRequestStatus, db_default=OrderRequestStatus.PENDING)
    quantity = AmountField(null=True, blank=True, help_text="Contracts, with what is filled already.")
    price = AmountField(null=True, blank=True)
    stop_price = AmountField(null=True, blank=True)
    limit_price = AmountField(null=True, blank=True)
    trailing_distance = AmountField(null=True, blank=True)
    time_in_force = models.CharField(max_length=8, choices=TimeInForce, blank=True, db_default="")
    good_till_date = models.DateTimeField(null=True, blank=True)
    requested_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="User id, algorithm or part of the system."
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta(MutableEntity.Meta):
        db_table = "order_change_requests"
        triggers = [
            *MutableEntity.Meta.triggers,
            *never_removed(),
            written_now(),
            SharedTrigger(
                name="open",
                function="open_order_request",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
            ),
        ]
        constraints = [
            # One request per event; also an order's requests in order.
            models.UniqueConstraint(fields=["order", "seq"], name="order_change_requests_event_uniq"),
            # One open request at a time; also what is to be decided.
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(status=OrderRequestStatus.PENDING),
                name="order_change_requests_pending_uniq",
            ),
            one_of("order_change_requests", "kind", OrderRequestKind),
            one_of("order_change_requests", "status", OrderRequestStatus),
            requires(
                "order_change_requests",
                "terms",
                Q(
                    kind=OrderRequestKind.CANCEL,
                    quantity__isnull=True,
                    time_in_force="",
                    good_till_date__isnull=True,
                    **_NO_PRICES,
                )
                | Q(kind=OrderRequestKind.REPLACE, quantity__gt=0, time_in_force__in=TimeInForce.values),
                "A replace request has a quantity and a time in force; a cancel request has no terms.",
            ),
            requires(
                "order_change_requests",
                "decided_at",
                Q(status=OrderRequestStatus.PENDING, decided_at__isnull=True)
                | (~Q(status=OrderRequestStatus.PENDING) & Q(decided_at__isnull=False)),
                "A request that is decided, and no other, has the time of it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.kind} ({self.status})"
