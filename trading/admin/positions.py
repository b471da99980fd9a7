"""Positions and trades. Services write them, so nothing is edited here."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from config.backoffice.admin import ReadOnlyAdmin, ReadOnlyInline
from trading.models import Position, PositionAudit, Trade


class PositionEventInline(ReadOnlyInline):
    model = PositionAudit
    fields = [
        "seq",
        "created_at",
        "event_type",
        "quantity_before",
        "quantity_after",
        "price",
        "triggered_by",
        "reason",
    ]
    readonly_fields = fields
    ordering = ["seq"]


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = [
        "open_time",
        "account",
        "instrument",
        "side",
        "quantity",
        "average_price",
        "mark_price",
        "unrealized_pnl",
        "realized_pnl",
        "margin_required",
        "is_open",
        "close_time",
    ]
    list_filter = [
        "is_open",
        "side",
        "oms_type",
        ("account", AutocompleteSelectFilter),
        ("instrument", AutocompleteSelectFilter),
    ]
    list_select_related = ["account", "instrument"]
    search_fields = ["account__account_number__exact"]
    autocomplete_fields = ["account", "user", "instrument"]
    inlines = [PositionEventInline]


@admin.register(Trade)
class TradeAdmin(ReadOnlyAdmin):
    list_display = [
        "executed_at",
        "account",
        "instrument",
        "side",
        "quantity",
        "price",
        "value",
        "commission",
        "pnl",
        "position_effect",
        "execution_type",
        "venue",
        "execution_id",
    ]
    list_filter = [
        "side",
        "position_effect",
        "execution_type",
        ("account", AutocompleteSelectFilter),
        ("instrument", AutocompleteSelectFilter),
    ]
    list_select_related = ["account", "instrument"]
    key_fields = ["pk", "fill", "busts"]
    search_fields = ["execution_id__exact"]
    autocomplete_fields = ["account", "user", "position", "order", "fill", "instrument", "busts"]
