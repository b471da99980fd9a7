from decimal import Decimal

import pgtrigger
from django.contrib.postgres.functions import TransactionNow
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Cast

from config.database.constraints import not_negative, positive, requires
from config.database.fields import AmountField
from config.database.models import ByRange, PartitionedLog
from config.database.triggers import SharedTrigger
from config.numbers import plain
from liquidity.models.providers import LiquidityProvider

BASIS_POINTS = models.DecimalField(max_digits=9, decimal_places=4)


def refuse_unknown_quote_sources() -> SharedTrigger:
    """One anti-join per INSERT in the place of two foreign keys, which cost 9 µs a row."""
    return SharedTrigger(
        name="known_sources",
        function="refuse_unknown_quote_sources",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="arrived"),
    )


class LpQuote(PartitionedLog):
    """A provider's top of book at one time: bid ≤ ask, from a provider and for an instrument that exist.

    The largest table, so its rows are narrow and its columns stand by falling alignment. Written in batches.
    """

    quoted_at = models.DateTimeField(help_text="the provider's time")
    received_at = models.DateTimeField(db_default=TransactionNow(), help_text="when it reached us")
    sequence_number = models.BigIntegerField(
        null=True, blank=True, help_text="the provider's own; empty = it gives none"
    )
    provider = models.ForeignKey(
        LiquidityProvider, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    instrument = models.ForeignKey(
        "trading.Instrument", on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    is_stale = models.BooleanField(db_default=False, help_text="older on arrival than the provider's limit")
    bid = AmountField()
    ask = AmountField()
    bid_size = AmountField(null=True, blank=True, help_text="lots; empty = the provider does not say")
    ask_size = AmountField(null=True, blank=True, help_text="lots; empty = the provider does not say")
    spread_bps = models.GeneratedField(
        # Made before the CHECKs are asked: a bid that they refuse must not end in a division by zero first.
        expression=Case(
            When(
                bid__gt=0,
                then=Cast((F("ask") - F("bid")) * Decimal(20_000) / (F("ask") + F("bid")), BASIS_POINTS),
            ),
            default=None,
        ),
        output_field=BASIS_POINTS,
        db_persist=True,
        null=True,
        help_text="(ask - bid) / mid, in basis points",
    )

    class Meta(PartitionedLog.Meta):
        db_table = "lp_quotes"
        verbose_name = "LP quote"
        triggers = [*PartitionedLog.Meta.triggers, refuse_unknown_quote_sources()]
        constraints = [
            positive("lp_quotes", "bid"),
            requires("lp_quotes", "bid_not_above_ask", Q(bid__lte=F("ask")), "The bid is not above the ask."),
            not_negative("lp_quotes", "bid_size"),
            not_negative("lp_quotes", "ask_size"),
        ]
        indexes = [
            # The last quotes of an instrument, of one provider or all; import_quotes: is this period loaded?
            models.Index(fields=["instrument", "provider", "quoted_at"], name="lp_quotes_source_idx"),
            # Replay and statistics of a time window over all instruments.
            BrinIndex(fields=["quoted_at", "txid"], name="lp_quotes_quoted_at_idx"),
        ]

    class PartitioningMeta(ByRange):
        key = ["quoted_at"]

    def __str__(self) -> str:
        return f"{plain(self.bid)} / {plain(self.ask)}"
