"""What clients ask for."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Least, NullIf
from django.db.models.lookups import GreaterThanOrEqual

from audit.capture import audited
from config.database.constraints import Agree, all_positive, not_negative, one_of, positive, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import MutableEntity
from config.database.triggers import SharedTrigger, written_now
from config.numbers import plain
from trading.choices import (
    DEAD_STATUSES,
    LIVE_STATUSES,
    ExecutionType,
    OrderStatus,
    OrderType,
    RoutingDecision,
    Side,
    TimeInForce,
)

#: Which prices an order of each type has; the others are null. `price` is the price that a limit or take-
#: profit order may be filled at, `limit_price` the one that a stop-limit order gets once its stop is reached.
PRICES_BY_TYPE = {
    OrderType.MARKET: [],
    OrderType.LIMIT: ["price"],
    OrderType.TAKE_PROFIT: ["price"],
    OrderType.STOP: ["stop_price"],
    OrderType.STOP_LIMIT: ["stop_price", "limit_price"],
    OrderType.TRAILING_STOP: ["trailing_distance"],
}


#: What never changes of an order, and what changes by a replace request only.
IDENTITY = (
    *("id", "created_at", "account_id", "user_id", "client_order_id", "instrument_id", "order_type", "side"),
    *("is_reduce_only", "is_post_only", "parent_order_id", "received_at"),
)
TERMS = ("quantity", "price", "stop_price", "limit_price", "trailing_distance", "time_in_force", "good_till_date")


def _prices_by_type() -> Q:
    rule = Q()
    for column in ("price", "stop_price", "limit_price", "trailing_distance"):
        types = [order_type for order_type, present in PRICES_BY_TYPE.items() if column in present]
        rule &= Q(Agree(Q(**{f"{column}__isnull": False}), Q(order_type__in=types)))
    return rule


def _filled_by_status() -> Q:
    """Other CHECKs have it that 0 <= filled <= quantity, and quantity > 0."""
    untouched, partly, whole = (
        [OrderStatus.PENDING_NEW, OrderStatus.NEW],
        OrderStatus.PARTIALLY_FILLED,
        OrderStatus.FILLED,
    )
    return Q(
        Case(
            When(filled_quantity=0, then=~Q(status__in=[partly, whole])),
            When(filled_quantity=F("quantity"), then=~Q(status__in=[*untouched, partly])),
            default=~Q(status__in=[*untouched, whole]),
            output_field=models.BooleanField(),
        )
    )


class Order(MutableEntity):
    """An instruction of a client to buy or sell; the user owns the account.

    0 ≤ filled ≤ quantity, and the status agrees: nothing is filled of a new order, a part of a partially
    filled one, all of a filled one. The type decides which prices are present and which are not
    (`PRICES_BY_TYPE`). What remains and the average price are computed by the database. Amounts are in the
    account's currency, prices in the instrument's quote currency, quantities in contracts.

    Every change but one of the metadata is an event of its chain (`OrderAudit`), which a trigger writes: the status and
    the number of the last event are the head of that chain (orders_head_fk). Who, for whom and when it was asked
    never changes; its terms change by an accepted replace request; what is filled moves by fills only.
    """

    # The database has one composite key (account, user) instead of these two: orders_account_user_fk.
    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="orders",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="orders",
    )
    client_order_id = models.CharField(max_length=64, help_text="The client's own id: a repeated order is refused.")
    instrument = models.ForeignKey(
        "trading.Instrument", on_delete=models.PROTECT, db_index=False, related_name="orders"
    )
    order_type = models.CharField(max_length=16, choices=OrderType)
    side = models.CharField(max_length=8, choices=Side)
    quantity = AmountField(help_text="Contracts.")
    filled_quantity = AmountField(db_default=0, help_text="Contracts.")
    remaining_quantity = models.GeneratedField(
        expression=Case(
            When(status__in=DEAD_STATUSES, then=Value(Decimal("0.0"))),
            default=F("quantity") - F("filled_quantity"),
            output_field=AmountField(),
        ),
        output_field=AmountField(),
        db_persist=True,
        help_text="Contracts that may still be filled: none once the order is dead.",
    )
    price = AmountField(null=True, blank=True, help_text="Quote currency; limit and take-profit orders.")
    stop_price = AmountField(null=True, blank=True, help_text="Quote currency; stop and stop-limit orders.")
    limit_price = AmountField(null=True, blank=True, help_text="Quote currency; stop-limit orders.")
    trailing_distance = AmountField(null=True, blank=True, help_text="Quote currency; trailing stops.")
    filled_notional = AmountField(db_default=0, help_text="Sum of price times quantity of the fills.")
    average_fill_price = models.GeneratedField(
        expression=F("filled_notional") / NullIf(F("filled_quantity"), Value(Decimal("0.0"))),
        output_field=AmountField(),
        db_persist=True,
        help_text="Quote currency; empty while nothing is filled.",
    )
    status = models.CharField(max_length=20, choices=OrderStatus, db_default=OrderStatus.PENDING_NEW)
    time_in_force = models.CharField(max_length=8, choices=TimeInForce, db_default=TimeInForce.GTC)
    good_till_date = models.DateTimeField(null=True, blank=True, help_text="Good-till-date orders expire then.")
    execution_type = models.CharField(max_length=16, choices=ExecutionType, db_default=ExecutionType.MARKET)
    routing_decision = models.CharField(
        max_length=16,
        choices=RoutingDecision,
        blank=True,
        db_default="",
        help_text="Empty until the order is routed.",
    )
    take_profit = AmountField(null=True, blank=True, help_text="Quote currency; closes the position with a profit.")
    stop_loss = AmountField(null=True, blank=True, help_text="Quote currency; closes the position with a loss.")
    is_reduce_only = models.BooleanField(db_default=False, help_text="May only make a position smaller.")
    is_post_only = models.BooleanField(db_default=False, help_text="May only add liquidity.")
    commission = AmountField(db_default=0, help_text="In commission currency; negative: a rebate.")
    commission_currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        db_column="commission_currency",
        db_index=False,
        related_name="+",
        null=True,
        blank=True,
    )
    slippage = AmountField(db_default=0, help_text="Quote currency per unit; positive: worse than requested.")
    reject_reason = models.CharField(max_length=255, blank=True, db_default="")
    liquidity_provider_id = models.UUIDField(null=True, blank=True, help_text="The provider it was sent to.")
    lp_order_id = models.CharField("LP order id", max_length=64, blank=True, db_default="")
    parent_order = models.ForeignKey(
        "self", on_delete=models.PROTECT, db_index=False, related_name="children", null=True, blank=True
    )
    received_at = models.DateTimeField(db_default=TransactionNow())
    submitted_at = models.DateTimeField(null=True, blank=True)
    filled_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    decision_maker = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="Person or algorithm that took the investment decision.",
    )
    executor = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="Person or algorithm that is responsible for the execution.",
    )
    event_seq = models.BigIntegerField(
        db_default=0, editable=False, help_text="Number of its last event; the database counts."
    )
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "orders"
        triggers = [
            *MutableEntity.Meta.triggers,
            *audited(),
            # What was received during an outage is told within a day.
            written_now("NEW.received_at NOT BETWEEN now() - interval '1 day' AND now() + interval '1 minute'"),
            # What may change, and the number of the event that the change is.
            SharedTrigger(
                name="guard",
                function="guard_order",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
            ),
            SharedTrigger(
                name="guard_terms",
                function="guard_order_terms",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf(*IDENTITY, *TERMS),
            ),
            # After every CHECK and foreign key of the row, so that these speak first.
            SharedTrigger(
                name="record",
                function="record_order_event",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
            ),
        ]
        constraints = [
            # Exactly once; also the look-up by the client's id, with or without his account.
            models.UniqueConstraint(fields=["client_order_id", "account"], name="orders_client_order_id_uniq"),
            requires("orders", "client_order_id", ~Q(client_order_id=""), "The client's order id is not empty."),
            one_of("orders", "order_type", OrderType),
            one_of("orders", "side", Side),
            one_of("orders", "status", OrderStatus),
            one_of("orders", "time_in_force", TimeInForce),
            one_of("orders", "execution_type", ExecutionType),
            requires(
                "orders",
                "routing_decision",
                Q(routing_decision__in=["", *RoutingDecision.values]),
                f"routing_decision is empty or one of: {', '.join(RoutingDecision.values)}.",
            ),
            positive("orders", "quantity"),
            not_negative("orders", "filled_quantity"),
            requires(
                "orders",
                "filled_within_quantity",
                Q(filled_quantity__lte=F("quantity")),
                "No more is filled than was ordered.",
            ),
            requires(
                "orders",
                "filled_by_status",
                _filled_by_status(),
                "The filled quantity agrees with the status.",
            ),
            requires(
                "orders",
                "filled_notional",
                Q(Agree(Q(filled_notional__gt=0), Q(filled_quantity__gt=0)), filled_notional__gte=0),
                "The filled notional is above zero exactly if something is filled.",
            ),
            requires(
                "orders",
                "prices_by_type",
                _prices_by_type(),
                "The type decides which of price, stop price, limit price and trailing distance it has.",
            ),
            all_positive(
                "orders",
                "prices",
                *("price", "stop_price", "limit_price", "trailing_distance", "take_profit", "stop_loss"),
            ),
            requires(
                "orders",
                "exits_by_side",
                Q(
                    Case(
                        When(side=Side.BUY, then=Q(stop_loss__lt=F("take_profit"))),
                        default=Q(stop_loss__gt=F("take_profit")),
                        output_field=models.BooleanField(),
                    )
                ),
                "The stop loss of a purchase lies below its take profit, of a sale above.",
            ),
            requires(
                "orders",
                "good_till_date",
                Q(Agree(Q(time_in_force=TimeInForce.GTD), Q(good_till_date__isnull=False))),
                "A good-till-date order, and no other, has a date.",
            ),
            requires(
                "orders",
                "good_till_date_after_receipt",
                Q(good_till_date__gt=F("received_at")),
                "An order expires after it was received.",
            ),
            requires(
                "orders",
                "post_only_rests",
                Q(is_post_only=False)
                | Q(
                    order_type__in=[OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT],
                    time_in_force__in=[TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD],
                ),
                "A post-only order has a limit and may rest in the book.",
            ),
            requires(
                "orders",
                "commission_currency",
                Q(commission=0) | Q(commission_currency__isnull=False),
                "A commission has a currency.",
            ),
            requires(
                "orders",
                "reject_reason",
                Q(Agree(Q(status=OrderStatus.REJECTED), ~Q(reject_reason=""))),
                "A rejected order, and no other, has a reason.",
            ),
            requires(
                "orders",
                "times_after_receipt",
                GreaterThanOrEqual(Least("submitted_at", "filled_at", "canceled_at", "expired_at"), F("received_at")),
                "Nothing happens to an order before it is received.",
            ),
            requires(
                "orders",
                "times_by_status",
                (Q(canceled_at=None) | Q(status=OrderStatus.CANCELED))
                & (Q(expired_at=None) | Q(status=OrderStatus.EXPIRED))
                & (Q(filled_at=None) | Q(filled_quantity=F("quantity"))),
                "Only what was canceled, has expired or is filled has the time at which it was.",
            ),
            not_negative("orders", "event_seq"),
        ]
        indexes = [
            # An account's orders, newest first: client, back office, best-execution reports.
            models.Index(fields=["account", "-received_at"], name="orders_account_received_idx"),
            # Live orders of an instrument: matching, stop triggers, circuit breakers, expiry.
            models.Index(
                fields=["instrument", "account"],
                condition=Q(status__in=LIVE_STATUSES),
                name="orders_live_idx",
            ),
            # Children of a bracket or sliced order; the foreign key.
            models.Index(
                fields=["parent_order"],
                condition=Q(parent_order__isnull=False),
                name="orders_parent_order_idx",
            ),
            # A provider's reports name the order by their own id.
            models.Index(fields=["lp_order_id"], condition=~Q(lp_order_id=""), name="orders_lp_order_id_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {plain(self.quantity)} {self.order_type} {self.client_order_id}"
