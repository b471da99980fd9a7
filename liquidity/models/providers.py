from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value

from audit.capture import audited
from config.database.constraints import between, not_negative, one_of, positive, requires
from config.database.fields import AmountField, EncryptedTextField, MetadataField, RatioField, ScoreField
from config.database.models import MutableEntity, SoftDeletableEntity
from liquidity.choices import ConnectionStatus, Protocol, ProviderType

# `://user:secret@`, or a secret among the parameters. An @ in the path is allowed: exchanges name streams so.
CREDENTIALS = r"://[^/?#]*:[^/?#@]*@|(password|passwd|pwd|secret|token|api_?key)\s*="


class LiquidityProvider(SoftDeletableEntity):
    """A counterparty that quotes prices and takes orders.

    Secrets are only in `api_key` and `api_secret`, which are encrypted; an address that carries one is
    refused. A name is unique among providers that exist, and free again after deletion.
    """

    name = models.CharField(max_length=100)
    provider_type = models.CharField(max_length=20, choices=ProviderType)
    protocol = models.CharField(max_length=20, choices=Protocol)
    lei = models.CharField(
        "LEI",
        max_length=20,
        blank=True,
        db_default="",
        help_text="legal entity identifier, ISO 17442: 20 characters",
    )
    is_active = models.BooleanField(db_default=True)
    priority = models.IntegerField(db_default=100, help_text="the router asks the lowest number first")
    min_order_size = AmountField(db_default=0, help_text="lots")
    max_order_size = AmountField(null=True, blank=True, help_text="lots; empty = no limit")
    supported_instruments = ArrayField(
        models.CharField(max_length=32),
        blank=True,
        default=list,
        db_default=Value([], ArrayField(models.CharField(max_length=32))),
        help_text="symbols that the provider announces; what is traded with it is in LP instruments",
    )
    connection_string = models.TextField(blank=True, db_default="", help_text="address of the session, without secrets")
    api_key = EncryptedTextField("API key", blank=True, db_default="")
    api_secret = EncryptedTextField("API secret", blank=True, db_default="")
    connection_status = models.CharField(
        max_length=20, choices=ConnectionStatus, db_default=ConnectionStatus.DISCONNECTED.value
    )
    last_heartbeat = models.DateTimeField(null=True, blank=True)
    latency_ms = models.DecimalField(
        max_digits=10,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="milliseconds, round trip; empty = not measured",
    )
    uptime_percentage = ScoreField(null=True, blank=True, help_text="0 to 100; empty = not measured")
    currency = models.ForeignKey(
        "accounts.Currency",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_column="currency",
        db_index=False,
        related_name="+",
        help_text="of the volume",
    )
    total_volume_24h = AmountField(db_default=0, help_text="notional in `currency`, rolling 24 hours")
    total_trades_24h = models.BigIntegerField(db_default=0)
    config = MetadataField(help_text="session settings; never secrets")

    class Meta(SoftDeletableEntity.Meta):
        db_table = "liquidity_providers"
        triggers = [*SoftDeletableEntity.Meta.triggers, *audited(critical=True)]
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(deleted_at__isnull=True), name="liquidity_providers_name_uniq"
            ),
            requires("liquidity_providers", "name_present", ~Q(name=""), "A provider has a name."),
            one_of("liquidity_providers", "provider_type", ProviderType),
            one_of("liquidity_providers", "protocol", Protocol),
            one_of("liquidity_providers", "connection_status", ConnectionStatus),
            requires(
                "liquidity_providers",
                "lei_format",
                Q(lei="") | Q(lei__regex=r"^[A-Z0-9]{18}[0-9]{2}$"),
                "An LEI has 18 capital letters or digits and two check digits.",
            ),
            requires(
                "liquidity_providers",
                "connection_string_without_secret",
                ~Q(connection_string__iregex=CREDENTIALS),
                "The address holds a secret: put it into API key or API secret, where it is encrypted.",
            ),
            not_negative("liquidity_providers", "priority"),
            not_negative("liquidity_providers", "min_order_size"),
            requires(
                "liquidity_providers",
                "order_size_order",
                Q(max_order_size__isnull=True) | (Q(max_order_size__gt=0) & Q(max_order_size__gte=F("min_order_size"))),
                "The largest order is greater than zero and not below the smallest.",
            ),
            not_negative("liquidity_providers", "latency_ms"),
            between("liquidity_providers", "uptime_percentage", 0, 100),
            not_negative("liquidity_providers", "total_volume_24h"),
            not_negative("liquidity_providers", "total_trades_24h"),
            requires(
                "liquidity_providers",
                "volume_has_currency",
                Q(total_volume_24h=0) | Q(currency__isnull=False),
                "A volume has a currency.",
            ),
        ]
        indexes = [
            # Admin: search by a part of the name.
            GinIndex(fields=["name"], opclasses=["gin_trgm_ops"], name="liquidity_providers_trgm_idx"),
            # Order router: the providers that can be asked now, best first.
            models.Index(
                fields=["priority"],
                condition=Q(is_active=True, connection_status="connected", deleted_at__isnull=True),
                name="liquidity_providers_usable_idx",
            ),
            # Onboarding an instrument: which providers announce its symbol.
            GinIndex(fields=["supported_instruments"], name="liquidity_providers_symbol_idx"),
        ]

    def __str__(self) -> str:
        return self.name


class LpInstrument(MutableEntity):
    """An instrument as one provider trades it: its symbol there, its sizes and its costs.

    A provider's symbol means one instrument, and an instrument has one symbol at a provider.
    """

    provider = models.ForeignKey(
        LiquidityProvider, on_delete=models.PROTECT, db_index=False, related_name="instruments"
    )
    instrument = models.ForeignKey("trading.Instrument", on_delete=models.PROTECT, db_index=False, related_name="+")
    lp_symbol = models.CharField("LP symbol", max_length=64)
    is_enabled = models.BooleanField(db_default=True)
    min_quantity = AmountField(db_default=0, help_text="lots")
    max_quantity = AmountField(null=True, blank=True, help_text="lots; empty = no limit")
    tick_size = AmountField(null=True, blank=True, help_text="price step there; empty = the instrument's own")
    commission_rate = RatioField(db_default=0, help_text="of the notional, 1 = 100 %; negative = rebate")
    markup_bps = RatioField(db_default=0, help_text="basis points added to the client's price")
    spread_markup_bps = RatioField(db_default=0, help_text="basis points by which the client's spread is wider")
    priority = models.IntegerField(db_default=100, help_text="the router asks the lowest number first")
    max_slippage_bps = RatioField(null=True, blank=True, help_text="basis points; empty = no limit")
    trading_hours = MetadataField(help_text="the provider's sessions where they differ from the instrument's")

    class Meta(MutableEntity.Meta):
        db_table = "lp_instruments"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        verbose_name = "LP instrument"
        constraints = [
            models.UniqueConstraint(fields=["provider", "instrument"], name="lp_instruments_provider_instrument_uniq"),
            # Also serves every message from a provider: its symbol → our instrument, from the index alone.
            models.UniqueConstraint(
                fields=["provider", "lp_symbol"],
                include=["instrument"],
                name="lp_instruments_provider_symbol_uniq",
            ),
            requires(
                "lp_instruments",
                "lp_symbol_present",
                ~Q(lp_symbol=""),
                "An instrument has a symbol at its provider.",
            ),
            not_negative("lp_instruments", "min_quantity"),
            requires(
                "lp_instruments",
                "quantity_order",
                Q(max_quantity__isnull=True) | (Q(max_quantity__gt=0) & Q(max_quantity__gte=F("min_quantity"))),
                "The largest quantity is greater than zero and not below the smallest.",
            ),
            positive("lp_instruments", "tick_size"),
            between("lp_instruments", "commission_rate", -1, 1),
            not_negative("lp_instruments", "markup_bps"),
            not_negative("lp_instruments", "spread_markup_bps"),
            not_negative("lp_instruments", "priority"),
            not_negative("lp_instruments", "max_slippage_bps"),
        ]
        indexes = [
            # Order router: who takes this instrument, best first; costs and sizes come from the index alone.
            models.Index(
                fields=["instrument", "priority"],
                include=["provider", "min_quantity", "max_quantity", "commission_rate"],
                condition=Q(is_enabled=True),
                name="lp_instruments_offers_idx",
            ),
        ]

    def __str__(self) -> str:
        return self.lp_symbol
