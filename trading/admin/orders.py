"""Orders and their fills. Services write them, so nothing is edited here."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from config.backoffice.admin import ReadOnlyAdmin, ReadOnlyInline
from trading.models import Order, OrderAudit, OrderChangeRequest, OrderFill, OrderStatusTransition


class OrderFillInline(ReadOnlyInline):
    model = OrderFill
    fields = [
        "executed_at",
        "fill_quantity",
        "fill_price",
        "fill_commission",
        "liquidity_type",
        "venue",
        "execution_id",
    ]
    readonly_fields = fields


class OrderEventInline(ReadOnlyInline):
    model = OrderAudit
    fields = ["seq", "created_at", "event_type", "previous_status", "new_status", "triggered_by", "reason"]
    readonly_fields = fields
    ordering = ["seq"]


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = [
        "received_at",
        "account",
        "client_order_id",
        "instrument",
        "side",
        "order_type",
        "quantity",
        "filled_quantity",
        "average_fill_price",
        "status",
        "execution_type",
    ]
    list_filter = [
        "status",
        "order_type",
        "side",
        "execution_type",
        ("account", AutocompleteSelectFilter),
        ("instrument", AutocompleteSelectFilter),
    ]
    list_select_related = ["account", "instrument"]
    search_fields = ["client_order_id__exact", "lp_order_id__exact"]
    autocomplete_fields = ["account", "user", "instrument", "commission_currency", "parent_order"]
    inlines = [OrderFillInline, OrderEventInline]


@admin.register(OrderFill)
class OrderFillAdmin(ReadOnlyAdmin):
    list_display = [
        "executed_at",
        "order",
        "fill_quantity",
        "fill_price",
        "fill_commission",
        "commission_currency",
        "liquidity_type",
        "venue",
        "execution_id",
        "is_late",
    ]
    list_filter = ["liquidity_type", "is_late"]
    list_select_related = ["order", "commission_currency"]
    key_fields = ["pk", "order"]
    search_fields = ["execution_id__exact"]
    autocomplete_fields = ["order", "commission_currency"]


@admin.register(OrderChangeRequest)
class OrderChangeRequestAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "order", "kind", "status", "quantity", "price", "requested_by", "decided_at"]
    list_filter = ["kind", "status"]
    list_select_related = ["order"]
    key_fields = ["pk", "order"]
    autocomplete_fields = ["order"]


@admin.register(OrderStatusTransition)
class OrderStatusTransitionAdmin(ReadOnlyAdmin):
    list_display = ["from_status", "to_status", "exec_type"]
    list_filter = ["from_status", "to_status", "exec_type"]
    search_fields = ["from_status", "to_status"]
    ordering = ["pk"]
