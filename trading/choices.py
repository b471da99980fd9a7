"""Closed vocabularies of trading; the spelling is FIX's where FIX has the word."""

from django.db.models import IntegerChoices, TextChoices


class InstrumentType(TextChoices):
    FOREX = "forex"
    CRYPTO = "crypto"
    CFD = "cfd", "CFD"
    COMMODITY = "commodity"
    INDEX = "index"
    STOCK = "stock"


class EsmaClass(TextChoices):
    """The groups of underlyings that ESMA gives leverage caps to (Decision (EU) 2018/796)."""

    FX_MAJOR = "fx_major", "FX major"
    FX_MINOR_GOLD_INDEX = "fx_minor_gold_index", "FX minor, gold, major index"
    COMMODITY = "commodity"
    EQUITY = "equity"
    CRYPTO = "crypto"


class SessionKind(TextChoices):
    WEEKLY = "weekly", "open every week"
    HOLIDAY = "holiday", "closed on a date"


class OrderType(TextChoices):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"
    TAKE_PROFIT = "take_profit"


class Side(TextChoices):
    BUY = "buy"
    SELL = "sell"


class PositionSide(TextChoices):
    LONG = "long"
    SHORT = "short"


class TimeInForce(TextChoices):
    GTC = "gtc", "good till cancel"
    IOC = "ioc", "immediate or cancel"
    FOK = "fok", "fill or kill"
    DAY = "day"
    GTD = "gtd", "good till date"


class OrderStatus(TextChoices):
    """FIX OrdStatus (tag 39)."""

    PENDING_NEW = "pending_new"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    DONE_FOR_DAY = "done_for_day"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CALCULATED = "calculated"


#: What an order is before it exists: the `from` of its first event.
NO_STATUS = "none"
STATUSES_BEFORE = [NO_STATUS, *OrderStatus.values]

#: Nothing remains to be filled in these.
DEAD_STATUSES = [
    OrderStatus.FILLED,
    OrderStatus.CANCELED,
    OrderStatus.REJECTED,
    OrderStatus.EXPIRED,
    OrderStatus.CALCULATED,
]
LIVE_STATUSES = [status for status in OrderStatus if status not in DEAD_STATUSES]


#: An order takes fills in these; one that is suspended, or done for the day, is taken up again first.
FILLABLE_STATUSES = [
    OrderStatus.PENDING_NEW,
    OrderStatus.NEW,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.PENDING_CANCEL,
    OrderStatus.PENDING_REPLACE,
    OrderStatus.STOPPED,
]


class OrderRequestKind(TextChoices):
    """What a client asks of an order that is there; while he waits, the order is `pending_<kind>`."""

    REPLACE = "replace"
    CANCEL = "cancel"


class OrderRequestStatus(TextChoices):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class ExecType(TextChoices):
    """FIX ExecType (tag 150): what happened to an order, where OrderStatus says what it is now."""

    PENDING_NEW = "pending_new"
    NEW = "new"
    REJECTED = "rejected"
    TRADE = "trade"
    CANCELED = "canceled"
    REPLACED = "replaced"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    EXPIRED = "expired"
    DONE_FOR_DAY = "done_for_day"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    CALCULATED = "calculated"
    TRADE_CANCEL = "trade_cancel"
    TRADE_CORRECT = "trade_correct"
    RESTATED = "restated"


class OrderEvent(TextChoices):
    """What the broker's people call an event of an order's life."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ROUTED = "routed"
    FILLED = "filled"
    FILL_CANCELED = "fill_canceled"
    FILL_CORRECTED = "fill_corrected"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELED = "canceled"
    REPLACE_REQUESTED = "replace_requested"
    REPLACED = "replaced"
    MODIFIED = "modified"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    DONE_FOR_DAY = "done_for_day"
    CALCULATED = "calculated"
    EXPIRED = "expired"


class PositionEvent(TextChoices):
    OPENED = "opened"
    INCREASED = "increased"
    DECREASED = "decreased"
    CLOSED = "closed"
    MODIFIED = "modified"
    STOP_LOSS_HIT = "stop_loss_hit"
    TAKE_PROFIT_HIT = "take_profit_hit"
    LIQUIDATED = "liquidated"
    MARGIN_CALL = "margin_call"


class ExecutionType(TextChoices):
    """Who carries the risk of an execution: the market, a provider (A-book), the house (B-book), or both."""

    MARKET = "market"
    ABOOK = "abook", "A-book"
    BBOOK = "bbook", "B-book"
    HYBRID = "hybrid"


class RoutingDecision(TextChoices):
    ABOOK = "abook", "A-book"
    BBOOK = "bbook", "B-book"
    HYBRID = "hybrid"
    REJECTED = "rejected"


class LiquidityType(TextChoices):
    MAKER = "maker"
    TAKER = "taker"


class PositionEffect(TextChoices):
    OPEN = "open"
    CLOSE = "close"


class CorporateActionType(TextChoices):
    DIVIDEND = "dividend"
    SPLIT = "split"
    REVERSE_SPLIT = "reverse_split"
    MERGER = "merger"
    SPIN_OFF = "spin_off"
    RIGHTS_ISSUE = "rights_issue"
    DELISTING = "delisting"


class CorporateActionStatus(TextChoices):
    ANNOUNCED = "announced"
    CONFIRMED = "confirmed"
    APPLIED = "applied"
    CANCELED = "canceled"


class Weekday(IntegerChoices):
    """ISO 8601 numbers, as `extract(isodow FROM …)` gives them."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7
