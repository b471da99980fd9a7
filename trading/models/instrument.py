"""What can be traded."""

from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Mod, NullIf, Upper
from django.db.models.lookups import Exact

from audit.capture import audited
from config.database.constraints import not_negative, one_of, positive, requires
from config.database.fields import AmountField, MetadataField, RatioField
from config.database.models import SoftDeletableEntity
from trading import triggers
from trading.choices import EsmaClass, InstrumentType


def _on_step(column: str) -> Exact:
    """`column` is a multiple of the quantity step; a step of zero is left to its own CHECK."""
    return Exact(Mod(F(column), NullIf(F("quantity_step"), Value(Decimal(0)))), Decimal(0))


class Instrument(SoftDeletableEntity):
    """A contract that clients trade; referenced by key, never by a free-text symbol.

    The smallest and the largest order lie on the quantity step. A symbol may be used again once its
    instrument is deleted. What positions and orders are told in (`triggers.TERMS`) stays while there are any. A pair
    (forex, crypto) names both of its currencies; an index or a stock has no base currency.
    """

    symbol = models.CharField(max_length=32, help_text="Upper case, as in EURUSD.")
    display_name = models.CharField(max_length=128, blank=True, db_default="")
    instrument_type = models.CharField(max_length=16, choices=InstrumentType)
    base_currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        db_column="base_currency",
        db_index=False,
        related_name="+",
        null=True,
        blank=True,
        help_text="What is bought and sold; empty if that is no currency.",
    )
    quote_currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        db_column="quote_currency",
        db_index=False,
        related_name="+",
        help_text="What prices are in.",
    )
    tick_size = AmountField(help_text="Smallest step of a price, in quote currency.")
    min_quantity = AmountField(help_text="Smallest order, in contracts.")
    max_quantity = AmountField(help_text="Largest order, in contracts.")
    quantity_step = AmountField(help_text="Smallest step of a quantity, in contracts.")
    contract_size = AmountField(help_text="Units of the underlying in one contract.")
    leverage_max = RatioField(db_default=1, help_text="Highest leverage: 30 means 30 : 1.")
    margin_rate = RatioField(db_default=1, help_text="Initial margin as a ratio of the notional.")
    commission_rate = RatioField(db_default=0, help_text="Commission as a ratio of the notional.")
    swap_long = RatioField(
        db_default=0,
        help_text="Paid to a long position per night, ratio of the notional; negative: the client pays.",
    )
    swap_short = RatioField(
        db_default=0,
        help_text="Paid to a short position per night, ratio of the notional; negative: the client pays.",
    )
    isin = models.CharField("ISIN", max_length=12, blank=True, db_default="", help_text="ISO 6166.")
    cfi_code = models.CharField("CFI code", max_length=6, blank=True, db_default="", help_text="ISO 10962.")
    esma_class = models.CharField("ESMA class", max_length=24, choices=EsmaClass)
    time_zone = models.CharField(
        max_length=64,
        db_default="UTC",
        help_text="IANA name of the zone that the trading sessions are told in.",
    )
    trading_hours = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="As published to clients; the sessions table is what counts.",
    )
    is_tradable = models.BooleanField(db_default=True, help_text="New orders are taken.")
    is_active = models.BooleanField(db_default=True, help_text="Prices are kept.")
    metadata = MetadataField()

    class Meta(SoftDeletableEntity.Meta):
        db_table = "instruments"
        triggers = [
            *SoftDeletableEntity.Meta.triggers,
            triggers.instrument_terms(),
            triggers.instrument_zone(),
            *audited(critical=True),
        ]
        constraints = [
            # Also serves the look-up by symbol of imports, orders and searches.
            models.UniqueConstraint(
                fields=["symbol"], condition=Q(deleted_at__isnull=True), name="instruments_symbol_uniq"
            ),
            requires(
                "instruments",
                "symbol",
                Q(symbol__regex=r"^[A-Z0-9][A-Z0-9._/-]*$"),
                "A symbol has capital letters, digits and . _ / - only.",
            ),
            one_of("instruments", "instrument_type", InstrumentType),
            one_of("instruments", "esma_class", EsmaClass),
            requires(
                "instruments",
                "pair_has_base_currency",
                ~Q(instrument_type__in=[InstrumentType.FOREX, InstrumentType.CRYPTO]) | Q(base_currency__isnull=False),
                "A forex or crypto pair has a base currency.",
            ),
            requires(
                "instruments",
                "currencies_differ",
                Q(base_currency__isnull=True) | ~Q(base_currency=F("quote_currency")),
                "Base and quote currency differ.",
            ),
            positive("instruments", "tick_size"),
            positive("instruments", "min_quantity"),
            positive("instruments", "quantity_step"),
            positive("instruments", "contract_size"),
            requires(
                "instruments",
                "quantity_range",
                Q(max_quantity__gte=F("min_quantity")),
                "The largest quantity is not below the smallest.",
            ),
            requires(
                "instruments",
                "quantity_on_step",
                Q(_on_step("min_quantity")) & Q(_on_step("max_quantity")),
                "The smallest and the largest quantity are multiples of the step.",
            ),
            requires("instruments", "leverage_max", Q(leverage_max__gte=1), "Leverage is at least 1 : 1."),
            requires(
                "instruments",
                "margin_rate",
                Q(margin_rate__gt=0, margin_rate__lte=1),
                "The margin rate is above 0 and at most 1.",
            ),
            not_negative("instruments", "commission_rate"),
            requires(
                "instruments",
                "isin",
                Q(isin="") | Q(isin__regex=r"^[A-Z]{2}[A-Z0-9]{9}[0-9]$"),
                "An ISIN is a country, nine characters and a check digit.",
            ),
            requires(
                "instruments",
                "cfi_code",
                Q(cfi_code="") | Q(cfi_code__regex=r"^[A-Z]{6}$"),
                "A CFI code is six capital letters.",
            ),
        ]
        indexes = [
            # Search by a part of the symbol or the name in the back office; Django compares in capitals.
            GinIndex(
                OpClass(Upper("symbol"), name="gin_trgm_ops"),
                OpClass(Upper("display_name"), name="gin_trgm_ops"),
                name="instruments_search_idx",
            ),
            # What can be traded now, by type: order entry, quote import, dashboard.
            models.Index(
                fields=["instrument_type", "symbol"],
                condition=Q(is_tradable=True, is_active=True, deleted_at__isnull=True),
                name="instruments_tradable_idx",
            ),
            # Leverage caps and margin rates apply by ESMA class.
            models.Index(fields=["esma_class"], name="instruments_esma_class_idx"),
            # Regulatory reports name instruments by ISIN.
            models.Index(fields=["isin"], condition=~Q(isin=""), name="instruments_isin_idx"),
            # Containment search of tags that desks put on instruments.
            GinIndex(fields=["metadata"], opclasses=["jsonb_path_ops"], name="instruments_metadata_idx"),
        ]

    def __str__(self) -> str:
        return self.symbol
