"""The rules of the order router, and the profiles of clients that they look at."""

from decimal import Decimal
from typing import Any, NamedTuple

from accounts.models import Account
from liquidity.choices import FallbackAction, ProfileType, RiskCategory, RuleType, TradingStyle
from liquidity.models import ClientProfile, SorRule
from ops.seeding.additions import Additions


class RuleRow(NamedTuple):
    name: str
    type: RuleType
    #: The lowest number is tried first.
    priority: int
    conditions: dict[str, Any]
    actions: dict[str, Any]
    fallback: FallbackAction
    description: str


# Demo comes first: its money is not real, so its orders must never reach a market.
RULES = [
    RuleRow(
        "Demo to B-book",
        RuleType.BBOOK,
        10,
        {"account_type": {"eq": "demo"}},
        {"route": "bbook"},
        FallbackAction.REJECT,
        "Orders of demo accounts stay in the house.",
    ),
    RuleRow(
        "VIP to A-book",
        RuleType.ABOOK,
        20,
        {"profile_type": {"eq": "vip"}},
        {"route": "abook", "max_slippage_bps": 3},
        FallbackAction.HYBRID,
        "Orders of VIP clients go to a provider, whatever their size.",
    ),
    RuleRow(
        "High-value crypto to A-book",
        RuleType.ABOOK,
        30,
        {"instrument_type": {"eq": "crypto"}, "notional": {"gte": 50_000}},
        {"route": "abook", "providers": ["Binance", "Aggregator XYZ"], "max_slippage_bps": 15},
        FallbackAction.REJECT,
        "Crypto orders of 50,000 and more in quote currency are covered at once.",
    ),
    RuleRow(
        "Small forex to B-book",
        RuleType.BBOOK,
        40,
        {"instrument_type": {"eq": "forex"}, "notional": {"lt": 100_000}},
        {"route": "bbook"},
        FallbackAction.ABOOK,
        "Forex orders below one lot are netted in the house.",
    ),
]


class ProfileRow(NamedTuple):
    account: str
    type: ProfileType
    style: TradingStyle
    category: RiskCategory
    toxicity: int
    profitability: int
    abook_percentage: int


PROFILES = [
    ProfileRow("LIVE-100001", ProfileType.NEUTRAL, TradingStyle.DAY_TRADING, RiskCategory.MEDIUM, 20, 45, 30),
    ProfileRow("LIVE-100002", ProfileType.VIP, TradingStyle.SWING, RiskCategory.LOW, 5, 60, 100),
    ProfileRow("DEMO-200001", ProfileType.NEUTRAL, TradingStyle.UNKNOWN, RiskCategory.LOW, 0, 50, 0),
    ProfileRow("MARGIN-300001", ProfileType.PROFITABLE, TradingStyle.SCALPING, RiskCategory.HIGH, 55, 70, 70),
]


def add_rules(added: Additions) -> None:
    """The rules of the smart order router."""
    for row in RULES:
        added.ensure(
            SorRule,
            {"rule_name": row.name},
            rule_type=row.type,
            priority=row.priority,
            conditions=row.conditions,
            actions=row.actions,
            fallback_action=row.fallback,
            description=row.description,
        )


def add_profiles(added: Additions, accounts: dict[str, Account]) -> None:
    """How the seeded accounts trade; numbers of trades and results are the analysis's to find."""
    for row in PROFILES:
        account = accounts[row.account]
        added.ensure(
            ClientProfile,
            {"account": account},
            user_id=account.user_id,
            profile_type=row.type,
            trading_style=row.style,
            risk_category=row.category,
            toxicity_score=row.toxicity,
            profitability_score=row.profitability,
            abook_percentage=Decimal(row.abook_percentage),
            bbook_percentage=Decimal(100 - row.abook_percentage),
        )
