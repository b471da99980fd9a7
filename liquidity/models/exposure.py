from decimal import Decimal

from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Abs, Cast

from config.database.constraints import not_negative, requires
from config.database.fields import AmountField
from config.database.models import MutableEntity
from config.numbers import plain
from liquidity.models.providers import LiquidityProvider

AMOUNT = models.DecimalField(max_digits=24, decimal_places=8)


class LpExposure(MutableEntity):
    """What the house holds with one provider in one instrument; net and utilization are generated."""

    provider = models.ForeignKey(LiquidityProvider, on_delete=models.PROTECT, db_index=False, related_name="+")
    instrument = models.ForeignKey("trading.Instrument", on_delete=models.PROTECT, db_index=False, related_name="+")
    long_exposure = AmountField(db_default=0, help_text="notional in `currency`")
    short_exposure = AmountField(db_default=0, help_text="notional in `currency`, as a positive number")
    net_exposure = models.GeneratedField(
        expression=F("long_exposure") - F("short_exposure"),
        output_field=AMOUNT,
        db_persist=True,
        help_text="long - short",
    )
    currency = models.ForeignKey(
        "accounts.Currency", on_delete=models.PROTECT, db_column="currency", db_index=False, related_name="+"
    )
    unrealized_pnl = AmountField("unrealized P&L", db_default=0, help_text="in `currency`")
    realized_pnl_24h = AmountField("realized P&L 24h", db_default=0, help_text="in `currency`, rolling 24 hours")
    volume_24h = AmountField(db_default=0, help_text="notional in `currency`, rolling 24 hours")
    exposure_limit = AmountField(null=True, blank=True, help_text="of |net|, in `currency`; empty = no limit")
    risk_utilization = models.GeneratedField(
        # numeric(24,8), not a ratio's numeric(12,8): a tiny limit must not make the write overflow.
        expression=Case(
            When(
                exposure_limit__gt=0,
                then=Cast(Abs(F("long_exposure") - F("short_exposure")) / F("exposure_limit"), AMOUNT),
            ),
            default=None,
        ),
        output_field=AMOUNT,
        db_persist=True,
        null=True,
        help_text="|net| / limit, 1 = 100 %; empty without a limit",
    )

    class Meta(MutableEntity.Meta):
        db_table = "lp_exposure"
        verbose_name = "LP exposure"
        constraints = [
            models.UniqueConstraint(fields=["provider", "instrument"], name="lp_exposure_provider_instrument_uniq"),
            not_negative("lp_exposure", "long_exposure"),
            not_negative("lp_exposure", "short_exposure"),
            not_negative("lp_exposure", "volume_24h"),
            requires(
                "lp_exposure",
                "exposure_limit_positive",
                Q(exposure_limit__isnull=True) | Q(exposure_limit__gt=0),
                "A limit is greater than zero; without a limit it is empty.",
            ),
        ]
        indexes = [
            # Exposure in an instrument over all providers; foreign key.
            models.Index(fields=["instrument"], name="lp_exposure_instrument_idx"),
            # Dealing desk: who is near the limit, worst first.
            models.Index(
                fields=["-risk_utilization"],
                condition=Q(risk_utilization__gte=Decimal("0.8")),
                name="lp_exposure_near_limit_idx",
            ),
        ]

    def __str__(self) -> str:
        return plain(self.net_exposure)
