"""Stress tests."""

from django.contrib import admin

from config.backoffice.admin import BackOfficeAdmin, ReadOnlyAdmin
from risk.models import StressTestResult, StressTestScenario


@admin.register(StressTestScenario)
class StressTestScenarioAdmin(BackOfficeAdmin):
    list_display = ["scenario_name", "scenario_type", "is_active", "updated_at"]
    list_filter = ["is_active", "scenario_type"]
    search_fields = ["scenario_name"]


@admin.register(StressTestResult)
class StressTestResultAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "scenario",
        "account",
        "loss_amount",
        "loss_percentage",
        "margin_call_triggered",
        "liquidation_triggered",
        "passed",
    ]
    list_filter = ["passed", "scenario"]
    search_fields = ["account__account_number__exact"]
    list_select_related = ["scenario", "account"]
    ordering = ["-pk"]
