"""The closed vocabularies of this app; the database refuses any other word."""

from django.db import models


class ProviderType(models.TextChoices):
    PRIME_BROKER = "prime_broker"
    EXCHANGE = "exchange"
    MARKET_MAKER = "market_maker"
    AGGREGATOR = "aggregator"


class Protocol(models.TextChoices):
    FIX = "fix", "FIX"
    REST = "rest", "REST"
    WEBSOCKET = "websocket"
    PROPRIETARY = "proprietary"


class ConnectionStatus(models.TextChoices):
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    ERROR = "error"
    MAINTENANCE = "maintenance"


class RoutingDecision(models.TextChoices):
    """Where an order went: to a provider, onto the house's own book, split over both, or nowhere."""

    ABOOK = "abook", "A-book"
    BBOOK = "bbook", "B-book"
    HYBRID = "hybrid"
    REJECTED = "rejected"


class Capacity(models.TextChoices):
    """Trading capacity, RTS 22 field 29."""

    DEAL = "DEAL", "Dealing on own account"
    MTCH = "MTCH", "Matched principal"
    AOTC = "AOTC", "Any other capacity"


class BucketInterval(models.TextChoices):
    MINUTE = "1m", "1 minute"
    FIVE_MINUTES = "5m", "5 minutes"
    FIFTEEN_MINUTES = "15m", "15 minutes"
    HOUR = "1h", "1 hour"
    DAY = "1d", "1 day"


class RuleType(models.TextChoices):
    ABOOK = "abook", "A-book"
    BBOOK = "bbook", "B-book"
    HYBRID = "hybrid"
    CONDITIONAL = "conditional"


class Route(models.TextChoices):
    """What can be ordered beforehand, for a client or as a rule's fallback."""

    ABOOK = "abook", "A-book"
    BBOOK = "bbook", "B-book"
    HYBRID = "hybrid"


class FallbackAction(models.TextChoices):
    """What happens when a rule's own route cannot be taken."""

    ABOOK = "abook", "A-book"
    BBOOK = "bbook", "B-book"
    HYBRID = "hybrid"
    REJECT = "reject"


class ProfileType(models.TextChoices):
    TOXIC = "toxic"
    NEUTRAL = "neutral"
    PROFITABLE = "profitable"
    VIP = "vip", "VIP"


class TradingStyle(models.TextChoices):
    UNKNOWN = "unknown"
    SCALPING = "scalping"
    DAY_TRADING = "day_trading"
    SWING = "swing"
    POSITION = "position"
    NEWS = "news"
    ARBITRAGE = "arbitrage"


class RiskCategory(models.TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    EXTREME = "extreme"
