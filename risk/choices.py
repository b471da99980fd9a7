"""The closed vocabularies of risk; each is a CHECK in the database as well."""

from django.db.models import TextChoices


class LimitType(TextChoices):
    ACCOUNT_LEVERAGE = "account_leverage"
    POSITION_SIZE = "position_size"
    DAILY_LOSS = "daily_loss"
    MAX_DRAWDOWN = "max_drawdown"
    EXPOSURE_LIMIT = "exposure_limit"
    CONCENTRATION_LIMIT = "concentration_limit"
    ORDER_SIZE = "order_size"
    OPEN_POSITIONS = "open_positions"
    PRICE_COLLAR = "price_collar"
    MESSAGE_RATE = "message_rate"


#: Limits that are a sum of money, and limits that may be one; all others are counts or ratios.
MONEY_LIMITS = (LimitType.DAILY_LOSS, LimitType.EXPOSURE_LIMIT)
SIZE_LIMITS = (LimitType.POSITION_SIZE, LimitType.ORDER_SIZE)


class LimitEntity(TextChoices):
    GLOBAL = "global"
    USER = "user"
    ACCOUNT = "account"
    INSTRUMENT = "instrument"
    GROUP = "group"


class BreachAction(TextChoices):
    REJECT = "reject"
    WARN = "warn"
    REDUCE = "reduce"
    CLOSE = "close"


class BreachSeverity(TextChoices):
    WARNING = "warning"
    BREACH = "breach"
    CRITICAL = "critical"


class MarginCallType(TextChoices):
    MARGIN_CALL = "margin_call"
    STOP_OUT = "stop_out"
    LIQUIDATION = "liquidation"


class MarginCallStatus(TextChoices):
    ACTIVE = "active"
    RESOLVED = "resolved"
    LIQUIDATED = "liquidated"
    CANCELED = "canceled"


class BreakerType(TextChoices):
    PRICE_MOVEMENT = "price_movement"
    VOLATILITY = "volatility"
    VOLUME_SURGE = "volume_surge"
    LOSS_LIMIT = "loss_limit"
    ERROR_RATE = "error_rate"
    MANUAL = "manual"
    SYSTEM_HEALTH = "system_health"


class BreakerScope(TextChoices):
    GLOBAL = "global"
    INSTRUMENT = "instrument"
    ACCOUNT = "account"
    LIQUIDITY_PROVIDER = "lp", "Liquidity provider"


class BreakerStatus(TextChoices):
    ARMED = "armed"
    TRIGGERED = "triggered"
    COOLING_DOWN = "cooling_down"
    DISABLED = "disabled"


class BreakerAction(TextChoices):
    HALT_TRADING = "halt_trading"
    REJECT_ORDERS = "reject_orders"
    REDUCE_POSITIONS = "reduce_positions"
    ALERT_ONLY = "alert_only"


class BreakerEventType(TextChoices):
    TRIGGERED = "triggered"
    RESET = "reset"
    MANUAL_OVERRIDE = "manual_override"


class BreakerEventAction(TextChoices):
    """What was done when the event happened: a breaker's action, or nothing."""

    NONE = "none"
    HALT_TRADING = "halt_trading"
    REJECT_ORDERS = "reject_orders"
    REDUCE_POSITIONS = "reduce_positions"
    ALERT_ONLY = "alert_only"


class AlertType(TextChoices):
    HIGH_LEVERAGE = "high_leverage"
    LARGE_POSITION = "large_position"
    RAPID_TRADING = "rapid_trading"
    UNUSUAL_PNL = "unusual_pnl", "Unusual P&L"
    CORRELATION_SPIKE = "correlation_spike"
    LIQUIDITY_ISSUE = "liquidity_issue"
    SYSTEM_ANOMALY = "system_anomaly"
    CUSTOM = "custom"


class AlertSeverity(TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AlertStatus(TextChoices):
    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    FALSE_POSITIVE = "false_positive"


#: An alert that somebody still has to deal with, and one that is closed.
OPEN_ALERTS = (AlertStatus.ACTIVE, AlertStatus.ACKNOWLEDGED)
CLOSED_ALERTS = (AlertStatus.RESOLVED, AlertStatus.FALSE_POSITIVE)


class NotificationChannel(TextChoices):
    DASHBOARD = "dashboard"
    EMAIL = "email"
    SMS = "sms", "SMS"
    WEBHOOK = "webhook"


class ScenarioType(TextChoices):
    MARKET_CRASH = "market_crash"
    VOLATILITY_SPIKE = "volatility_spike"
    LIQUIDITY_CRISIS = "liquidity_crisis"
    CORRELATION_BREAKDOWN = "correlation_breakdown"
    BLACK_SWAN = "black_swan"
    HISTORICAL = "historical"
    CUSTOM = "custom"
