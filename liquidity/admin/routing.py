"""Where orders went, and by which rules."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from config.backoffice.admin import BackOfficeAdmin, ReadOnlyAdmin
from liquidity.models import LpOrderRouting, SorRule


@admin.register(LpOrderRouting)
class LpOrderRoutingAdmin(ReadOnlyAdmin):
    list_display = [
        "routed_at",
        "order_id",
        "provider",
        "routing_decision",
        "rule",
        "success",
        "expected_fill_price",
        "actual_fill_price",
        "slippage",
        "execution_latency_ms",
    ]
    list_filter = ["routing_decision", "success", ("provider", AutocompleteSelectFilter), "capacity"]
    list_select_related = ["provider", "rule"]
    key_fields = ["pk", "order_id"]
    search_fields = ["provider__name"]
    search_help_text = "the key of a routing or of its order, or a provider's name"


@admin.register(SorRule)
class SorRuleAdmin(BackOfficeAdmin):
    list_display = [
        "priority",
        "rule_name",
        "rule_type",
        "is_active",
        "conditions",
        "actions",
        "fallback_action",
        "valid_from",
        "valid_until",
    ]
    list_display_links = ["rule_name"]
    list_filter = ["rule_type", "is_active"]
    search_fields = ["rule_name"]
    ordering = ["priority"]
