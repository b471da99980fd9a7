"""Instruments, their sessions and their marks."""

from django.contrib import admin
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from config.backoffice.admin import BackOfficeAdmin, LogAdmin, SoftDeletableAdmin
from trading.models import Instrument, InstrumentMark, InstrumentSession


class InstrumentSessionInline(TabularInline):
    model = InstrumentSession
    extra = 0


@admin.register(Instrument)
class InstrumentAdmin(SoftDeletableAdmin):
    list_display = [
        "symbol",
        "display_name",
        "instrument_type",
        "quote_currency",
        "tick_size",
        "contract_size",
        "leverage_max",
        "is_tradable",
        "is_active",
        "deleted_at",
    ]
    list_filter = [
        "instrument_type",
        "esma_class",
        "is_tradable",
        "is_active",
        ("deleted_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["quote_currency"]
    search_fields = ["symbol", "display_name", "isin__exact"]
    autocomplete_fields = ["base_currency", "quote_currency"]
    ordering = ["symbol"]
    inlines = [InstrumentSessionInline]


@admin.register(InstrumentSession)
class InstrumentSessionAdmin(BackOfficeAdmin):
    list_display = ["instrument", "kind", "weekday", "holiday_date", "start_minute", "end_minute", "name"]
    list_filter = ["kind", "weekday", ("instrument", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["instrument"]
    search_fields = ["instrument__symbol", "name"]
    autocomplete_fields = ["instrument"]


@admin.register(InstrumentMark)
class InstrumentMarkAdmin(LogAdmin):
    list_display = ["marked_at", "instrument", "bid", "mid", "ask", "source"]
    list_filter = [("instrument", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["instrument"]
    search_fields = ["instrument__symbol__exact"]
