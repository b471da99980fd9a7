"""The closed vocabularies of people and accounts: a CHECK in the database holds each of them too."""

from django.db import models


class KycStatus(models.TextChoices):
    """How far the client's identity has been checked."""

    PENDING = "pending", "Pending"
    UNDER_REVIEW = "under_review", "Under review"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"


class Role(models.TextChoices):
    """What somebody does here; `accounts.permissions` says what each role may."""

    USER = "user", "User"
    TRADER = "trader", "Trader"
    ADMIN = "admin", "Admin"
    SUPER_ADMIN = "super_admin", "Super admin"
    RISK_MANAGER = "risk_manager", "Risk manager"
    COMPLIANCE_OFFICER = "compliance_officer", "Compliance officer"


class Regime(models.TextChoices):
    """The supervisor whose rules protect the client."""

    ESMA = "ESMA", "ESMA (EU)"
    FCA = "FCA", "FCA (United Kingdom)"
    ASIC = "ASIC", "ASIC (Australia)"
    FINMA = "FINMA", "FINMA (Switzerland)"
    MAS = "MAS", "MAS (Singapore)"
    JFSA = "JFSA", "JFSA (Japan)"
    CFTC = "CFTC", "CFTC (United States)"
    OFFSHORE = "OFFSHORE", "None of these"


class ClientClass(models.TextChoices):
    """Client categories of MiFID II, annex II; the other regimes have the same three."""

    RETAIL = "retail", "Retail"
    PROFESSIONAL = "professional", "Professional"
    ELIGIBLE_COUNTERPARTY = "eligible_counterparty", "Eligible counterparty"


class CurrencyKind(models.TextChoices):
    """What a currency is made of."""

    FIAT = "fiat", "Fiat"
    CRYPTO = "crypto", "Crypto"
    METAL = "metal", "Metal"


class AccountType(models.TextChoices):
    """The product that the client holds."""

    DEMO = "demo", "Demo"
    LIVE = "live", "Live"
    MARGIN = "margin", "Margin"
    ISLAMIC = "islamic", "Islamic (no swaps)"


class AccountKind(models.TextChoices):
    """Whose money the account counts."""

    CLIENT = "client", "Client"
    HOUSE = "house", "House"
    LIQUIDITY_PROVIDER = "liquidity_provider", "Liquidity provider"
    SUSPENSE = "suspense", "Suspense"


class OmsType(models.TextChoices):
    """How fills become positions: one position per instrument, or one per instrument and side."""

    NETTING = "netting", "Netting"
    HEDGING = "hedging", "Hedging"


class JournalKind(models.TextChoices):
    """The business event that moves money."""

    DEPOSIT = "deposit", "Deposit"
    WITHDRAWAL = "withdrawal", "Withdrawal"
    TRANSFER = "transfer", "Transfer"
    TRADE = "trade", "Trade"
    COMMISSION = "commission", "Commission"
    SWAP = "swap", "Swap"
    BONUS = "bonus", "Bonus"
    CREDIT = "credit", "Credit"
    ADJUSTMENT = "adjustment", "Adjustment"
    CORRECTION = "correction", "Correction"
    REVERSAL = "reversal", "Reversal"


class TransactionType(models.TextChoices):
    """What one ledger entry is for."""

    DEPOSIT = "deposit", "Deposit"
    WITHDRAWAL = "withdrawal", "Withdrawal"
    CREDIT = "credit", "Credit"
    DEBIT = "debit", "Debit"
    TRANSFER = "transfer", "Transfer"
    COMMISSION = "commission", "Commission"
    SWAP = "swap", "Swap"
    BONUS = "bonus", "Bonus"
    ADJUSTMENT = "adjustment", "Adjustment"
    REALIZED_PNL = "realized_pnl", "Realized profit or loss"
    CORRECTION = "correction", "Correction"


class CashRequestType(models.TextChoices):
    """What a person asks the back office to book."""

    DEPOSIT = "deposit", "Deposit"
    WITHDRAWAL = "withdrawal", "Withdrawal"
    BONUS = "bonus", "Bonus"
    ADJUSTMENT = "adjustment", "Adjustment"


class CashRequestStatus(models.TextChoices):
    """Where a cash request stands."""

    PENDING = "pending", "Pending"
    PROCESSING = "processing", "Processing"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


class AccountEvent(models.TextChoices):
    """What happened to an account."""

    CREATED = "created", "Created"
    ACTIVATED = "activated", "Activated"
    DEACTIVATED = "deactivated", "Deactivated"
    LOCKED = "locked", "Locked"
    UNLOCKED = "unlocked", "Unlocked"
    LEVERAGE_CHANGED = "leverage_changed", "Leverage changed"
    MARGIN_CALL = "margin_call", "Margin call"
    LIQUIDATION = "liquidation", "Liquidation"
    BALANCE_ADJUSTED = "balance_adjusted", "Balance adjusted"
    SETTINGS_CHANGED = "settings_changed", "Settings changed"
    CLOSED = "closed", "Closed"
