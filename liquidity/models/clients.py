from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value

from audit.capture import audited
from config.database.constraints import between, not_negative, one_of, requires
from config.database.fields import AmountField, MetadataField, RatioField, ScoreField
from config.database.models import MutableEntity
from liquidity.choices import ProfileType, RiskCategory, Route, TradingStyle


class ClientProfile(MutableEntity):
    """How an account trades and therefore where its orders go; one per account, for the account's own user.

    The A-book and B-book percentages add up to 100. A manual override is there only where automatic routing
    is off. Amounts are in the account's currency.
    """

    # Both are bound by one foreign key to accounts (id, user_id): the profile's user owns the account.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    profile_type = models.CharField(max_length=12, choices=ProfileType, db_default=ProfileType.NEUTRAL.value)
    toxicity_score = ScoreField(db_default=0, help_text="0 to 100")
    profitability_score = ScoreField(db_default=50, help_text="0 to 100, 50 = breaks even")
    win_rate = RatioField(db_default=0, help_text="winning trades / trades, 1 = 100 %")
    avg_trade_duration_seconds = AmountField(null=True, blank=True, help_text="seconds; empty = no closed trade")
    avg_trade_size = AmountField(null=True, blank=True, help_text="lots; empty = no trade")
    preferred_instruments = ArrayField(
        models.CharField(max_length=32),
        blank=True,
        default=list,
        db_default=Value([], ArrayField(models.CharField(max_length=32))),
        help_text="symbols, most traded first",
    )
    trading_style = models.CharField(max_length=12, choices=TradingStyle, db_default=TradingStyle.UNKNOWN.value)
    total_trades = models.BigIntegerField(db_default=0)
    total_volume = AmountField(db_default=0, help_text="notional")
    total_pnl = AmountField("total P&L", db_default=0)
    total_commission = AmountField(db_default=0)
    abook_percentage = ScoreField("A-book percentage", db_default=0, help_text="0 to 100")
    bbook_percentage = ScoreField("B-book percentage", db_default=100, help_text="0 to 100")
    risk_category = models.CharField(max_length=10, choices=RiskCategory, db_default=RiskCategory.MEDIUM.value)
    auto_route = models.BooleanField(
        db_default=True, help_text="the router decides; otherwise the manual override does"
    )
    manual_override_route = models.CharField(max_length=10, choices=Route, blank=True, db_default="")
    model_version = models.CharField(max_length=50, blank=True, db_default="", help_text="of the scores")
    last_analyzed = models.DateTimeField(null=True, blank=True)
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "client_profiles"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        constraints = [
            models.UniqueConstraint(fields=["account"], name="client_profiles_account_uniq"),
            one_of("client_profiles", "profile_type", ProfileType),
            one_of("client_profiles", "trading_style", TradingStyle),
            one_of("client_profiles", "risk_category", RiskCategory),
            between("client_profiles", "toxicity_score", 0, 100),
            between("client_profiles", "profitability_score", 0, 100),
            between("client_profiles", "win_rate", 0, 1),
            not_negative("client_profiles", "avg_trade_duration_seconds"),
            not_negative("client_profiles", "avg_trade_size"),
            not_negative("client_profiles", "total_trades"),
            not_negative("client_profiles", "total_volume"),
            between("client_profiles", "abook_percentage", 0, 100),
            between("client_profiles", "bbook_percentage", 0, 100),
            requires(
                "client_profiles",
                "percentages_sum",
                Q(abook_percentage=100 - F("bbook_percentage")),
                "The A-book and B-book percentages add up to 100.",
            ),
            requires(
                "client_profiles",
                "manual_override_route",
                Q(manual_override_route__in=["", *Route.values]),
                f"The manual override is one of: {', '.join(Route.values)}, or empty.",
            ),
            requires(
                "client_profiles",
                "override_iff_manual",
                Q(auto_route=True, manual_override_route="") | (Q(auto_route=False) & ~Q(manual_override_route="")),
                "A manual override is there if, and only if, automatic routing is off.",
            ),
        ]
        indexes = [
            # A person's page: the profiles of all accounts; foreign key.
            models.Index(fields=["user"], name="client_profiles_user_idx"),
            # Dealing desk: clients of a type, most toxic first.
            models.Index(fields=["profile_type", "-toxicity_score"], name="client_profiles_type_idx"),
            # Dealing desk: clients that people route by hand, longest not looked at first.
            models.Index(fields=["last_analyzed"], condition=Q(auto_route=False), name="client_profiles_manual_idx"),
            # Analysis: whose profile is the oldest or was never made.
            models.Index(F("last_analyzed").asc(nulls_first=True), name="client_profiles_analyzed_idx"),
            # Before an instrument changes: who mostly trades it.
            GinIndex(fields=["preferred_instruments"], name="client_profiles_prefer_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.profile_type}"
