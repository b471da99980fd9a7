"""Circuit breakers and what they did."""

from django.contrib import admin

from config.backoffice.admin import BackOfficeAdmin, ReadOnlyAdmin
from risk.models import CircuitBreaker, CircuitBreakerEvent


@admin.register(CircuitBreaker)
class CircuitBreakerAdmin(BackOfficeAdmin):
    list_display = [
        "breaker_name",
        "breaker_type",
        "scope",
        "status",
        "current_value",
        "threshold_value",
        "action",
        "auto_reset",
        "triggered_at",
    ]
    list_filter = ["status", "breaker_type", "scope", "action"]
    search_fields = ["breaker_name"]


@admin.register(CircuitBreakerEvent)
class CircuitBreakerEventAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "breaker",
        "event_type",
        "trigger_value",
        "threshold_value",
        "affected_orders",
        "affected_positions",
        "action_taken",
        "triggered_by",
    ]
    list_filter = ["event_type", "action_taken"]
    search_fields = ["breaker__breaker_name"]
    list_select_related = ["breaker", "triggered_by"]
    ordering = ["-pk"]
