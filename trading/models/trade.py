"""What was done: the history of executions."""

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from config.database.constraints import Agree, one_of, positive, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import AppendOnlyEntity
from config.numbers import plain
from trading.choices import ExecutionType, LiquidityType, PositionEffect, Side


class Trade(AppendOnlyEntity):
    """What one fill did to one position; a fill that flips a netting position is two trades.

    Account, instrument and user are those of the position, the order is that of the fill: composite foreign
    keys see to it. A wrong trade is never changed: another one busts it, once, and has no fill of its own.
    Only closing (or busting) realizes profit or loss: what the price is away from the position's average price, times
    quantity, contract size and conversion rate, rounded half to even to the decimals of the account's currency. Amounts
    are in the account's currency, prices in the quote currency. Written by `apply_fill` and `bust_trade` only.
    """

    # The database has one composite key (account, user) instead of these two: trades_account_user_fk.
    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="trades",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="trades",
    )
    # Composite key (position, account, instrument): trades_position_fk.
    position = models.ForeignKey(
        "trading.Position",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="trades",
    )
    # Not indexed: the trades of an order are found through its fills.
    order = models.ForeignKey("trading.Order", on_delete=models.PROTECT, db_index=False, related_name="trades")
    # Composite key (fill, order): trades_fill_order_fk.
    fill = models.ForeignKey(
        "trading.OrderFill",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="trades",
        null=True,
        blank=True,
        help_text="Empty if this trade busts another.",
    )
    # Held by trades_position_fk as well.
    instrument = models.ForeignKey(
        "trading.Instrument",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="trades",
    )
    side = models.CharField(max_length=8, choices=Side)
    quantity = AmountField(help_text="Contracts.")
    price = AmountField(help_text="Quote currency.")
    contract_size = AmountField(help_text="The instrument's, at the time of the trade.")
    value = models.GeneratedField(
        expression=F("quantity") * F("price") * F("contract_size"),
        output_field=AmountField(),
        db_persist=True,
        help_text="Notional in quote currency.",
    )
    commission = AmountField(db_default=0, help_text="Negative: a rebate.")
    swap = AmountField(db_default=0, help_text="Negative: the client paid.")
    pnl = AmountField("P&L", db_default=0, help_text="Realized by this trade.")
    conversion_rate = models.DecimalField(
        max_digits=28,
        decimal_places=16,
        db_default=1,
        help_text="Account currency for one unit of quote currency, as the P&L was converted; 1 where none was.",
    )
    execution_type = models.CharField(max_length=16, choices=ExecutionType, db_default=ExecutionType.MARKET)
    liquidity_type = models.CharField(max_length=8, choices=LiquidityType, db_default=LiquidityType.TAKER)
    liquidity_provider_id = models.UUIDField(null=True, blank=True, help_text="Who took the other side.")
    venue = models.CharField(max_length=32, help_text="MIC (ISO 10383) or provider; the house has one too.")
    execution_id = models.CharField(max_length=64, help_text="Our id of this trade.")
    position_effect = models.CharField(max_length=8, choices=PositionEffect)
    executed_at = models.DateTimeField(db_default=TransactionNow())
    busts = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        db_index=False,
        related_name="busted_by",
        null=True,
        blank=True,
        help_text="The trade that this one reverses.",
    )
    metadata = MetadataField()

    class Meta(AppendOnlyEntity.Meta):
        db_table = "trades"
        constraints = [
            # Exactly once; also the look-up by execution id.
            models.UniqueConstraint(fields=["execution_id"], name="trades_execution_id_uniq"),
            # A fill changes a position once; also the trades of a fill (and so of an order).
            models.UniqueConstraint(fields=["fill", "position"], name="trades_fill_position_uniq"),
            # A trade is busted once; the foreign key.
            models.UniqueConstraint(fields=["busts"], condition=Q(busts__isnull=False), name="trades_busts_uniq"),
            one_of("trades", "side", Side),
            one_of("trades", "execution_type", ExecutionType),
            one_of("trades", "liquidity_type", LiquidityType),
            one_of("trades", "position_effect", PositionEffect),
            positive("trades", "quantity"),
            positive("trades", "price"),
            positive("trades", "contract_size"),
            positive("trades", "conversion_rate"),
            requires("trades", "venue", ~Q(venue=""), "The venue is not empty."),
            requires("trades", "execution_id", ~Q(execution_id=""), "The execution id is not empty."),
            requires(
                "trades",
                "fill_unless_bust",
                Q(Agree(Q(fill__isnull=False), Q(busts__isnull=True))),
                "A trade comes from a fill, or it busts another trade.",
            ),
            requires("trades", "busts_another", ~Q(busts=F("id")), "A trade does not bust itself."),
            requires(
                "trades",
                "pnl_on_close",
                Q(pnl=0) | Q(position_effect=PositionEffect.CLOSE) | Q(busts__isnull=False),
                "Only a trade that closes or busts realizes profit or loss.",
            ),
        ]
        indexes = [
            # An account's trades of a period with their result: statements, daily loss; covering, so that
            # sums read the index only.
            models.Index(
                fields=["account", "executed_at"],
                include=["pnl", "commission", "swap"],
                name="trades_account_executed_idx",
            ),
            # The tape of an instrument: surveillance, transaction reports, volumes.
            models.Index(fields=["instrument", "executed_at"], name="trades_instrument_executed_idx"),
            # What the sealer reads.
            BrinIndex(fields=["txid"], name="trades_txid_brin_idx", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.side} {plain(self.quantity)} at {plain(self.price)}"
