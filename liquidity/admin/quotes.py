"""What providers quoted and how they did."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from config.backoffice.admin import LogAdmin, ReadOnlyAdmin
from liquidity.models import LpPerformanceMetric, LpQuote


@admin.register(LpQuote)
class LpQuoteAdmin(LogAdmin):
    list_display = [
        "quoted_at",
        "provider",
        "instrument",
        "bid",
        "ask",
        "spread_bps",
        "is_stale",
        "received_at",
    ]
    list_filter = [("instrument", AutocompleteSelectFilter), ("provider", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["provider", "instrument"]
    search_fields = ["instrument__symbol__exact"]
    search_help_text = "an instrument's whole symbol"


@admin.register(LpPerformanceMetric)
class LpPerformanceMetricAdmin(ReadOnlyAdmin):
    list_display = [
        "time_bucket",
        "bucket_interval",
        "provider",
        "instrument",
        "quote_count",
        "order_count",
        "fill_count",
        "reject_count",
        "quantity_filled",
        "latency_ms_max",
    ]
    list_filter = ["bucket_interval", "provider", ("instrument", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["provider", "instrument"]
    search_fields = ["provider__name", "instrument__symbol__exact"]
    # Keys are in time order: the newest first, without sorting the table.
    ordering = ["-pk"]
