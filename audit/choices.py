"""The closed vocabularies of the logs: a CHECK in the database holds each of them too."""

from django.db import models


class Action(models.TextChoices):
    """How a row was changed; spelled as PostgreSQL's TG_OP."""

    INSERT = "INSERT", "Insert"
    UPDATE = "UPDATE", "Update"
    DELETE = "DELETE", "Delete"


class Severity(models.TextChoices):
    """How soon a person must look."""

    INFO = "info", "Info"
    WARNING = "warning", "Warning"
    ERROR = "error", "Error"
    CRITICAL = "critical", "Critical"


class Activity(models.TextChoices):
    """What a user did with his own access."""

    LOGIN = "login", "Log-in"
    LOGOUT = "logout", "Log-out"
    LOGIN_FAILED = "login_failed", "Log-in failed"
    PASSWORD_CHANGE = "password_change", "Password changed"
    PASSWORD_RESET = "password_reset", "Password reset"
    EMAIL_CHANGE = "email_change", "E-mail changed"
    TWO_FACTOR_ENABLED = "2fa_enabled", "Two-factor log-in enabled"
    TWO_FACTOR_DISABLED = "2fa_disabled", "Two-factor log-in disabled"
    KYC_SUBMITTED = "kyc_submitted", "KYC documents submitted"
    PROFILE_UPDATE = "profile_update", "Profile updated"
    SETTINGS_CHANGE = "settings_change", "Settings changed"
    API_KEY_CREATED = "api_key_created", "API key created"
    API_KEY_REVOKED = "api_key_revoked", "API key revoked"


class RiskEventType(models.TextChoices):
    """What the risk desk must know."""

    MARGIN_CALL = "margin_call", "Margin call"
    STOP_OUT = "stop_out", "Stop-out"
    LIQUIDATION = "liquidation", "Liquidation"
    LIMIT_BREACH = "limit_breach", "Limit breach"
    EXPOSURE_BREACH = "exposure_breach", "Exposure breach"
    CIRCUIT_BREAKER_TRIGGERED = "circuit_breaker_triggered", "Circuit breaker triggered"


class ComplianceEventType(models.TextChoices):
    """What compliance checks or reports."""

    KYC_CHECK = "kyc_check", "KYC check"
    AML_CHECK = "aml_check", "AML check"
    SANCTIONS_CHECK = "sanctions_check", "Sanctions check"
    PEP_CHECK = "pep_check", "PEP check"
    TRANSACTION_MONITORING = "transaction_monitoring", "Transaction monitoring"
    BEST_EXECUTION_REVIEW = "best_execution_review", "Best-execution review"
    REGULATORY_REPORT = "regulatory_report", "Regulatory report"


class ReviewStatus(models.TextChoices):
    """Where a compliance case stands."""

    OPEN = "open", "Open"
    UNDER_REVIEW = "under_review", "Under review"
    ESCALATED = "escalated", "Escalated"
    CLEARED = "cleared", "Cleared"
    CONFIRMED = "confirmed", "Confirmed"
    REPORTED = "reported", "Reported to the authority"


class SystemEventType(models.TextChoices):
    """What happened to the system itself."""

    SERVER_START = "server_start", "Server start"
    SERVER_STOP = "server_stop", "Server stop"
    ERROR = "error", "Error"
    LP_CONNECTION_LOST = "lp_connection_lost", "Provider connection lost"
    LP_CONNECTION_RESTORED = "lp_connection_restored", "Provider connection restored"
    BACKUP_COMPLETED = "backup_completed", "Backup completed"
    BACKUP_FAILED = "backup_failed", "Backup failed"
    RESTORE_COMPLETED = "restore_completed", "Restore completed"
    MIGRATION_COMPLETED = "migration_completed", "Migration completed"
    DATA_IMPORTED = "data_imported", "Data imported"
    BOOKS_VERIFIED = "books_verified", "Books verified"
    CONFIG_CHANGED = "config_changed", "Configuration changed"
    SECURITY_ALERT = "security_alert", "Security alert"


class SealKind(models.TextChoices):
    """What a link of the chain of seals says."""

    START = "start", "The chain begins"
    LAYOUT = "layout", "Columns that a table's seals cover from here on"
    ROWS = "rows", "Rows"
    CODE = "code", "Functions and triggers"
    TOMBSTONE = "tombstone", "A partition was dropped"
    RESTORED = "restored", "The database was restored into another cluster"


class HttpMethod(models.TextChoices):
    """Methods of RFC 9110 and PATCH."""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"
    OPTIONS = "OPTIONS"
