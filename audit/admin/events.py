"""Pages about what users, the desks and the system did."""

from django.contrib import admin

from audit.models import ApiAccessLog, ComplianceEvent, RiskEvent, SystemEvent, UserActivityLog
from config.backoffice.admin import LogAdmin


@admin.register(UserActivityLog)
class UserActivityLogAdmin(LogAdmin):
    """Log-ins and changes of access."""

    list_display = ("created_at", "activity_type", "user_id", "ip_address", "user_agent")
    key_fields = ("user_id",)


@admin.register(RiskEvent)
class RiskEventAdmin(LogAdmin):
    """What the risk desk must know."""

    list_display = (
        "created_at",
        "event_type",
        "severity",
        "account_id",
        "measured",
        "threshold",
        "action_taken",
    )
    list_filter = ("event_type", "severity")
    key_fields = ("account_id",)


@admin.register(ComplianceEvent)
class ComplianceEventAdmin(LogAdmin):
    """Checks, reports, and the steps of their review."""

    list_display = ("created_at", "event_type", "status", "severity", "user_id", "reviewed_by", "follows")
    list_filter = ("event_type", "status", "severity")
    list_select_related = ("follows",)
    key_fields = ("user_id",)


@admin.register(SystemEvent)
class SystemEventAdmin(LogAdmin):
    """What happened to the system."""

    list_display = ("created_at", "severity", "event_type", "message", "service", "host")
    list_filter = ("severity", "event_type")
    search_fields = ("message",)


@admin.register(ApiAccessLog)
class ApiAccessLogAdmin(LogAdmin):
    """Calls of the API."""

    list_display = (
        "created_at",
        "method",
        "endpoint",
        "status_code",
        "response_time_ms",
        "user_id",
        "ip_address",
    )
    key_fields = ("user_id", "api_key_id")
