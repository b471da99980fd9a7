from django.contrib.postgres.functions import TransactionNow
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from config.database.constraints import between, not_negative, one_of, positive, requires
from config.database.fields import AmountField, ScoreField
from config.database.models import MutableEntity
from liquidity.choices import Capacity, RoutingDecision
from liquidity.models.providers import LiquidityProvider
from liquidity.models.rules import SorRule


class LpOrderRouting(MutableEntity):
    """One decision of the order router and what came of it, from the decision to the fill.

    Only the house's own book does without a provider. A failure says why, a success has its price, and the
    times run forwards.
    """

    order = models.ForeignKey("trading.Order", on_delete=models.PROTECT, db_index=False, related_name="+")
    provider = models.ForeignKey(
        LiquidityProvider, on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    routing_decision = models.CharField(max_length=10, choices=RoutingDecision)
    rule = models.ForeignKey(SorRule, on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+")
    capacity = models.CharField(
        max_length=4, choices=Capacity, db_default=Capacity.DEAL.value, help_text="RTS 22, field 29"
    )
    quantity = AmountField(null=True, blank=True, help_text="lots sent there; empty = the whole order")
    routing_score = ScoreField(null=True, blank=True, help_text="0 to 100; empty = not scored")
    routing_reason = models.TextField(blank=True, db_default="")
    expected_fill_price = AmountField(null=True, blank=True)
    actual_fill_price = AmountField(null=True, blank=True)
    slippage = AmountField(null=True, blank=True, help_text="price units, positive = worse for the client")
    commission = AmountField(db_default=0, help_text="in `commission_currency`; negative = rebate")
    commission_currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_column="commission_currency",
        db_index=False,
        related_name="+",
    )
    routing_latency_ms = models.DecimalField(
        max_digits=12,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="milliseconds from the order to the decision",
    )
    execution_latency_ms = models.DecimalField(
        max_digits=12,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="milliseconds from the decision to the fill",
    )
    success = models.BooleanField(null=True, blank=True, help_text="empty = not answered yet")
    error_message = models.TextField(blank=True, db_default="")
    routed_at = models.DateTimeField(db_default=TransactionNow())
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)

    class Meta(MutableEntity.Meta):
        db_table = "lp_order_routing"
        verbose_name = "LP order routing"
        constraints = [
            one_of("lp_order_routing", "routing_decision", RoutingDecision),
            one_of("lp_order_routing", "capacity", Capacity),
            requires(
                "lp_order_routing",
                "provider_unless_bbook",
                Q(provider__isnull=False) | Q(routing_decision="bbook"),
                "Only the B-book does without a provider.",
            ),
            positive("lp_order_routing", "quantity"),
            between("lp_order_routing", "routing_score", 0, 100),
            positive("lp_order_routing", "expected_fill_price"),
            positive("lp_order_routing", "actual_fill_price"),
            requires(
                "lp_order_routing",
                "commission_has_currency",
                Q(commission=0) | Q(commission_currency__isnull=False),
                "A commission has a currency.",
            ),
            not_negative("lp_order_routing", "routing_latency_ms"),
            not_negative("lp_order_routing", "execution_latency_ms"),
            # `success` may be unknown, and a CHECK lets pass what is unknown: hence IS NOT NULL.
            requires(
                "lp_order_routing",
                "failure_has_reason",
                (Q(success=False, success__isnull=False) & ~Q(error_message=""))
                | (Q(error_message="") & (Q(success=True) | Q(success__isnull=True))),
                "An error message is there if, and only if, the routing failed.",
            ),
            requires(
                "lp_order_routing",
                "success_has_price",
                Q(success__isnull=True)
                | Q(success=False)
                | Q(actual_fill_price__isnull=False, executed_at__isnull=False),
                "A success has its fill price and its time.",
            ),
            requires(
                "lp_order_routing",
                "rejected_without_success",
                ~Q(routing_decision="rejected") | Q(success=False) | Q(success__isnull=True),
                "A rejected routing is no success.",
            ),
            requires(
                "lp_order_routing",
                "acknowledged_after_routed",
                Q(acknowledged_at__isnull=True) | Q(acknowledged_at__gte=F("routed_at")),
                "The acknowledgement is not earlier than the routing.",
            ),
            requires(
                "lp_order_routing",
                "executed_after_routed",
                Q(executed_at__isnull=True)
                | (
                    Q(executed_at__gte=F("routed_at"))
                    & (Q(acknowledged_at__isnull=True) | Q(executed_at__gte=F("acknowledged_at")))
                ),
                "The execution is not earlier than the routing and its acknowledgement.",
            ),
        ]
        indexes = [
            # The order's page: how it was routed, in time order; foreign key.
            models.Index(fields=["order", "routed_at"], name="lp_order_routing_order_idx"),
            # A provider's page and its performance metrics: its routings of a period; foreign key.
            models.Index(
                fields=["provider", "routed_at"],
                condition=Q(provider__isnull=False),
                name="lp_order_routing_provider_idx",
            ),
            # A rule's page: what it decided; foreign key.
            models.Index(
                fields=["rule", "routed_at"],
                condition=Q(rule__isnull=False),
                name="lp_order_routing_rule_idx",
            ),
            # Back office: what failed lately, over all providers.
            models.Index(fields=["routed_at"], condition=Q(success=False), name="lp_order_routing_failed_idx"),
            # Best-execution report of a period: rows are written in time order.
            BrinIndex(fields=["routed_at"], name="lp_order_routing_routed_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.routing_decision}"
