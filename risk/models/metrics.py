"""Risk as it was calculated, in ranges of a week. Logs: no foreign keys in the database."""

from decimal import Decimal

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from config.database.constraints import between, not_negative, requires
from config.database.fields import AmountField, CreatedAtField, RatioField, ScoreField
from config.database.models import ByRange, PartitionedLog
from config.numbers import plain


class PositionRiskMetric(PartitionedLog):
    """Risk of one position at one time; amounts in the account's currency, losses as positive numbers.

    A conditional value at risk is never below the value at risk. What was not calculated is null.
    """

    position = models.ForeignKey(
        "trading.Position",
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    value_at_risk = AmountField(help_text="Loss that is not exceeded with `confidence` within `horizon_days`.")
    conditional_value_at_risk = AmountField(
        null=True, blank=True, help_text="Mean of the losses beyond the value at risk."
    )
    expected_shortfall = AmountField(null=True, blank=True, help_text="Expected loss in a stressed market.")
    confidence = RatioField(db_default=Decimal("0.99"), help_text="0.99 = 99 %.")
    horizon_days = models.SmallIntegerField(db_default=1, help_text="Days.")
    volatility = RatioField(null=True, blank=True, help_text="Annualised; 0.2 = 20 %.")
    beta = RatioField(null=True, blank=True)
    delta = AmountField(null=True, blank=True)
    gamma = AmountField(null=True, blank=True)
    theta = AmountField(null=True, blank=True, help_text="Per day.")
    vega = AmountField(null=True, blank=True, help_text="Per percentage point of volatility.")
    current_drawdown = RatioField(db_default=Decimal(0), help_text="From the peak; 0.1 = 10 %.")
    max_drawdown = RatioField(db_default=Decimal(0), help_text="The largest so far; 0.1 = 10 %.")
    distance_to_liquidation = RatioField(
        null=True, blank=True, help_text="Relative price move to the liquidation price; 0.1 = 10 %."
    )
    risk_score = ScoreField(db_default=Decimal(0), help_text="0 (none) to 100.")
    calculated_at = models.DateTimeField()
    created_at = CreatedAtField()

    class Meta(PartitionedLog.Meta):
        db_table = "position_risk_metrics"
        constraints = [
            not_negative("position_risk_metrics", "value_at_risk"),
            requires(
                "position_risk_metrics",
                "tail_beyond_var",
                Q(conditional_value_at_risk__isnull=True) | Q(conditional_value_at_risk__gte=F("value_at_risk")),
                "The conditional value at risk is at least the value at risk.",
            ),
            requires(
                "position_risk_metrics",
                "confidence_range",
                Q(confidence__gt=0, confidence__lt=1),
                "Confidence is between 0 and 1.",
            ),
            requires(
                "position_risk_metrics",
                "horizon_days_positive",
                Q(horizon_days__gt=0),
                "The horizon is at least one day.",
            ),
            requires(
                "position_risk_metrics",
                "drawdown",
                Q(current_drawdown__gte=0, max_drawdown__gte=F("current_drawdown")),
                "The current drawdown is not negative and at most the largest.",
            ),
            between("position_risk_metrics", "risk_score", 0, 100),
            # Also a position's page: its metrics in time order.
            models.UniqueConstraint(fields=["position", "calculated_at"], name="position_risk_metrics_position_uniq"),
        ]
        indexes = [
            # A time range over all positions (reports); rows arrive in time order.
            BrinIndex(fields=["calculated_at", "txid"], name="position_risk_metrics_time_idx"),
        ]

    class PartitioningMeta(ByRange):
        key = ["calculated_at"]

    def __str__(self) -> str:
        return f"{self.calculated_at}: {plain(self.value_at_risk)}"


class PortfolioRisk(PartitionedLog):
    """Risk of an account's whole portfolio, once per time bucket; amounts in the account's currency.

    The net exposure is never more than the gross one.
    """

    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    time_bucket = models.DateTimeField(help_text="The bucket's beginning.")
    total_exposure = AmountField(db_default=Decimal(0), help_text="Value of the open positions.")
    net_exposure = AmountField(db_default=Decimal(0), help_text="Long less short.")
    gross_exposure = AmountField(db_default=Decimal(0), help_text="Long plus short.")
    value_at_risk = AmountField(db_default=Decimal(0), help_text="99 %, one day.")
    conditional_value_at_risk = AmountField(
        null=True, blank=True, help_text="Mean of the losses beyond the value at risk."
    )
    correlation_risk = ScoreField(db_default=Decimal(0), help_text="0 to 100.")
    concentration_risk = ScoreField(db_default=Decimal(0), help_text="0 to 100.")
    liquidity_risk = ScoreField(db_default=Decimal(0), help_text="0 to 100.")
    leverage = RatioField(db_default=Decimal(0), help_text="Gross exposure / equity; 30 = 30:1.")
    sharpe_ratio = RatioField(null=True, blank=True, help_text="Annualised.")
    sortino_ratio = RatioField(null=True, blank=True, help_text="Annualised.")
    current_drawdown = RatioField(db_default=Decimal(0), help_text="From the peak; 0.1 = 10 %.")
    max_drawdown = RatioField(db_default=Decimal(0), help_text="The largest so far; 0.1 = 10 %.")
    open_positions = models.IntegerField(db_default=0)
    largest_position_percentage = ScoreField(db_default=Decimal(0), help_text="Of the gross exposure, 0 to 100.")
    risk_score = ScoreField(db_default=Decimal(0), help_text="0 (none) to 100.")
    created_at = CreatedAtField()

    class Meta(PartitionedLog.Meta):
        db_table = "portfolio_risk"
        verbose_name_plural = "portfolio risk"
        constraints = [
            requires(
                "portfolio_risk",
                "net_within_gross",
                Q(net_exposure__lte=F("gross_exposure"), net_exposure__gte=-F("gross_exposure")),
                "The net exposure is at most the gross exposure.",
            ),
            not_negative("portfolio_risk", "value_at_risk"),
            requires(
                "portfolio_risk",
                "tail_beyond_var",
                Q(conditional_value_at_risk__isnull=True) | Q(conditional_value_at_risk__gte=F("value_at_risk")),
                "The conditional value at risk is at least the value at risk.",
            ),
            between("portfolio_risk", "correlation_risk", 0, 100),
            between("portfolio_risk", "concentration_risk", 0, 100),
            between("portfolio_risk", "liquidity_risk", 0, 100),
            not_negative("portfolio_risk", "leverage"),
            requires(
                "portfolio_risk",
                "drawdown",
                Q(current_drawdown__gte=0, max_drawdown__gte=F("current_drawdown")),
                "The current drawdown is not negative and at most the largest.",
            ),
            not_negative("portfolio_risk", "open_positions"),
            between("portfolio_risk", "largest_position_percentage", 0, 100),
            between("portfolio_risk", "risk_score", 0, 100),
            # Also an account's page: its buckets in time order.
            models.UniqueConstraint(fields=["account", "time_bucket"], name="portfolio_risk_account_uniq"),
        ]
        indexes = [
            # A time range over all accounts (reports); rows arrive in time order.
            BrinIndex(fields=["time_bucket", "txid"], name="portfolio_risk_time_idx"),
        ]

    class PartitioningMeta(ByRange):
        key = ["time_bucket"]

    def __str__(self) -> str:
        return f"{self.time_bucket}: {self.value_at_risk}"
