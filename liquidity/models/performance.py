from datetime import UTC, datetime, timedelta

from django.db import models
from django.db.models import Case, F, Q, Value, When

from config.database.constraints import not_negative, one_of, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import MutableEntity
from liquidity.choices import BucketInterval
from liquidity.models.providers import LiquidityProvider

LENGTHS = {
    BucketInterval.MINUTE: timedelta(minutes=1),
    BucketInterval.FIVE_MINUTES: timedelta(minutes=5),
    BucketInterval.FIFTEEN_MINUTES: timedelta(minutes=15),
    BucketInterval.HOUR: timedelta(hours=1),
    BucketInterval.DAY: timedelta(days=1),
}

# What bounds one of these from above (orders, requested quantity, quotes) is not negative either.
NOT_NEGATIVE = [
    "stale_quote_count",
    "spread_bps_sum",
    "fill_count",
    "reject_count",
    "timeout_count",
    "quantity_filled",
    "notional_filled",
    "slippage_count",
    "latency_ms_sum",
    "latency_count",
    "latency_ms_max",
    "downtime_seconds",
]


class LpPerformanceMetric(MutableEntity):
    """How one provider did in one bucket of time, for one instrument or (instrument empty) for all.

    Sums and counts only, so that buckets can be merged by adding; averages and rates are made when they are
    read. Buckets begin at whole multiples of their length, in UTC.
    """

    provider = models.ForeignKey(LiquidityProvider, on_delete=models.PROTECT, db_index=False, related_name="+")
    instrument = models.ForeignKey(
        "trading.Instrument",
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        help_text="empty = all instruments together",
    )
    time_bucket = models.DateTimeField(help_text="begin of the bucket")
    bucket_interval = models.CharField(max_length=3, choices=BucketInterval)
    quote_count = models.BigIntegerField(db_default=0)
    stale_quote_count = models.BigIntegerField(db_default=0)
    spread_bps_sum = AmountField(db_default=0, help_text="basis points, over all quotes")
    order_count = models.BigIntegerField(db_default=0, help_text="orders sent")
    fill_count = models.BigIntegerField(db_default=0, help_text="orders filled, wholly or partly")
    reject_count = models.BigIntegerField(db_default=0)
    timeout_count = models.BigIntegerField(db_default=0)
    quantity_requested = AmountField(db_default=0, help_text="lots")
    quantity_filled = AmountField(db_default=0, help_text="lots")
    notional_filled = AmountField(db_default=0, help_text="in `currency`")
    currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_column="currency",
        db_index=False,
        related_name="+",
        help_text="of the notional",
    )
    slippage_bps_sum = AmountField(db_default=0, help_text="basis points, positive = worse for the client")
    slippage_count = models.BigIntegerField(db_default=0, help_text="fills whose slippage is known")
    latency_ms_sum = AmountField(db_default=0, help_text="milliseconds, over all answers")
    latency_count = models.BigIntegerField(db_default=0, help_text="answers whose latency is known")
    latency_ms_max = AmountField(db_default=0, help_text="milliseconds; merges by taking the greater")
    downtime_seconds = AmountField(db_default=0, help_text="seconds")
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "lp_performance_metrics"
        verbose_name = "LP performance metric"
        constraints = [
            # Also serves a provider's page: its buckets of one length, in time order.
            models.UniqueConstraint(
                fields=["provider", "bucket_interval", "instrument", "time_bucket"],
                nulls_distinct=False,
                name="lp_performance_metrics_bucket_uniq",
            ),
            one_of("lp_performance_metrics", "bucket_interval", BucketInterval),
            requires(
                "lp_performance_metrics",
                "time_bucket_aligned",
                Q(
                    time_bucket=models.Func(
                        Case(
                            *(When(bucket_interval=name.value, then=Value(length)) for name, length in LENGTHS.items())
                        ),
                        F("time_bucket"),
                        Value(datetime(2000, 1, 1, tzinfo=UTC)),
                        function="date_bin",
                        output_field=models.DateTimeField(),
                    )
                ),
                "A bucket begins at a whole multiple of its length, in UTC.",
            ),
            *(not_negative("lp_performance_metrics", column) for column in NOT_NEGATIVE),
            requires(
                "lp_performance_metrics",
                "stale_quotes_within_quotes",
                Q(stale_quote_count__lte=F("quote_count")),
                "No more quotes are stale than there were.",
            ),
            requires(
                "lp_performance_metrics",
                "answers_within_orders",
                Q(order_count__gte=F("fill_count") + F("reject_count") + F("timeout_count")),
                "An order ends as a fill, a reject or a time-out, at most one of them.",
            ),
            requires(
                "lp_performance_metrics",
                "quantity_filled_within_requested",
                Q(quantity_filled__lte=F("quantity_requested")),
                "No more is filled than was asked for.",
            ),
            requires(
                "lp_performance_metrics",
                "notional_has_currency",
                Q(notional_filled=0) | Q(currency__isnull=False),
                "A notional has a currency.",
            ),
        ]
        indexes = [
            # Comparison of all providers in one period.
            models.Index(fields=["bucket_interval", "time_bucket"], name="lp_performance_metrics_bkt_idx"),
            # Comparison of the providers of one instrument; foreign key.
            models.Index(
                fields=["instrument", "time_bucket"],
                condition=Q(instrument__isnull=False),
                name="lp_performance_metrics_ins_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.time_bucket} ({self.bucket_interval})"
