"""Leverage caps, margin rates, requirements and calls."""

from django.contrib import admin

from config.backoffice.admin import BackOfficeAdmin, ReadOnlyAdmin
from risk.models import LeverageCap, MarginCall, MarginRate, MarginRequirement


@admin.register(LeverageCap)
class LeverageCapAdmin(BackOfficeAdmin):
    list_display = ["regime", "client_class", "esma_class", "max_leverage", "updated_at"]
    list_filter = ["regime", "client_class", "esma_class"]
    search_fields = ["regime", "esma_class"]


@admin.register(MarginRate)
class MarginRateAdmin(BackOfficeAdmin):
    list_display = [
        "instrument",
        "regime",
        "client_class",
        "initial_rate",
        "maintenance_rate",
        "max_leverage",
        "valid_from",
        "valid_until",
    ]
    list_filter = ["regime", "client_class", "esma_class"]
    search_fields = ["instrument__symbol"]
    autocomplete_fields = ["instrument"]
    list_select_related = ["instrument"]


@admin.register(MarginRequirement)
class MarginRequirementAdmin(ReadOnlyAdmin):
    list_display = [
        "account",
        "instrument",
        "position_size",
        "initial_margin",
        "maintenance_margin",
        "currency",
        "leverage",
        "calculated_at",
    ]
    list_filter = ["currency"]
    search_fields = ["account__account_number__exact"]
    list_select_related = ["account", "instrument", "currency"]


@admin.register(MarginCall)
class MarginCallAdmin(BackOfficeAdmin):
    list_display = [
        "created_at",
        "account",
        "user",
        "call_type",
        "status",
        "margin_level",
        "shortfall",
        "notified_at",
        "resolved_at",
    ]
    list_filter = ["status", "call_type"]
    search_fields = ["account__account_number__exact"]
    autocomplete_fields = ["account", "user"]
    list_select_related = ["account", "user"]
    ordering = ["-pk"]
