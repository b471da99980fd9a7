"""What was executed of an order."""

import pgtrigger
from django.contrib.postgres.functions import TransactionNow
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from config.database.constraints import Agree, one_of, positive, requires
from config.database.fields import AmountField
from config.database.models import AppendOnlyEntity
from config.database.triggers import SharedTrigger
from config.numbers import plain
from trading.choices import LiquidityType


class OrderFill(AppendOnlyEntity):
    """One execution of a part of an order at a venue, counted once: (venue, execution id) is unique.

    It moves its order's filled quantity, notional, commission and status in the same statement; an order that is dead,
    or that would be overfilled, refuses it. A late fill (of an order that is already dead) bears the name of the
    dealer who let it in and leaves the order as it is.
    """

    # The unique key (order, id) below serves this foreign key.
    order = models.ForeignKey("trading.Order", on_delete=models.PROTECT, db_index=False, related_name="fills")
    fill_price = AmountField(help_text="Quote currency.")
    fill_quantity = AmountField(help_text="Contracts.")
    fill_commission = AmountField(db_default=0, help_text="In commission currency; negative: a rebate.")
    commission_currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        db_column="commission_currency",
        db_index=False,
        related_name="+",
        null=True,
        blank=True,
    )
    liquidity_type = models.CharField(max_length=8, choices=LiquidityType, db_default=LiquidityType.TAKER)
    venue = models.CharField(max_length=32, help_text="MIC (ISO 10383) or provider; the house has one too.")
    execution_id = models.CharField(max_length=64, help_text="The venue's id of this execution.")
    executed_at = models.DateTimeField(db_default=TransactionNow())
    is_late = models.BooleanField(db_default=False, help_text="The order was already dead.")
    dealer = models.CharField(max_length=64, blank=True, db_default="", help_text="Who let a late fill in.")

    class Meta(AppendOnlyEntity.Meta):
        db_table = "order_fills"
        triggers = [
            *AppendOnlyEntity.Meta.triggers,
            SharedTrigger(
                name="apply",
                function="apply_fill_to_order",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
            ),
        ]
        constraints = [
            # Exactly once, however often the venue reports it; also the look-up by execution id.
            models.UniqueConstraint(fields=["execution_id", "venue"], name="order_fills_execution_id_uniq"),
            # An order's fills in time order (ids are), and what (order, fill) of a trade points at.
            models.UniqueConstraint(fields=["order", "id"], name="order_fills_order_uniq"),
            positive("order_fills", "fill_price"),
            positive("order_fills", "fill_quantity"),
            one_of("order_fills", "liquidity_type", LiquidityType),
            requires("order_fills", "venue", ~Q(venue=""), "The venue is not empty."),
            requires("order_fills", "execution_id", ~Q(execution_id=""), "The execution id is not empty."),
            requires(
                "order_fills",
                "commission_currency",
                Q(fill_commission=0) | Q(commission_currency__isnull=False),
                "A commission has a currency.",
            ),
            requires(
                "order_fills",
                "late_dealer",
                Q(Agree(Q(is_late=True), ~Q(dealer=""))),
                "A late fill, and no other, bears a dealer's name.",
            ),
        ]
        indexes = [
            # All fills of a period: reconciliation with venues.
            BrinIndex(fields=["executed_at", "txid"], name="order_fills_executed_at_idx"),
        ]

    def __str__(self) -> str:
        return f"{plain(self.fill_quantity)} at {plain(self.fill_price)} on {self.venue}"
