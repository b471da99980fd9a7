"""Limits and their breaches."""

from django.contrib import admin

from config.backoffice.admin import BackOfficeAdmin, ReadOnlyAdmin
from risk.models import RiskLimit, RiskLimitBreach


@admin.register(RiskLimit)
class RiskLimitAdmin(BackOfficeAdmin):
    list_display = [
        "limit_type",
        "entity_type",
        "entity_id",
        "entity_group",
        "limit_value",
        "warning_threshold",
        "currency",
        "breached_action",
        "is_active",
    ]
    list_filter = ["is_active", "limit_type", "entity_type", "breached_action"]
    search_fields = ["limit_type", "entity_group", "description"]
    autocomplete_fields = ["currency"]
    list_select_related = ["currency"]


@admin.register(RiskLimitBreach)
class RiskLimitBreachAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "severity",
        "limit",
        "account",
        "actual_value",
        "limit_value",
        "breach_percentage",
        "action_taken",
        "resolved_at",
    ]
    list_filter = ["severity", "action_taken", ("resolved_at", admin.EmptyFieldListFilter)]
    search_fields = ["account__account_number__exact"]
    list_select_related = ["limit", "account"]
    # Version 7 keys are in time order.
    ordering = ["-pk"]
