"""The event chains of orders and positions."""

from django.contrib import admin

from config.backoffice.admin import ReadOnlyAdmin
from trading.models import OrderAudit, PositionAudit


@admin.register(OrderAudit)
class OrderAuditAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "order",
        "seq",
        "event_type",
        "exec_type",
        "previous_status",
        "new_status",
        "triggered_by",
        "reason",
    ]
    list_filter = ["event_type", "new_status"]
    list_select_related = ["order"]
    key_fields = ["order"]
    search_fields = ["order__client_order_id__exact"]
    autocomplete_fields = ["order"]


@admin.register(PositionAudit)
class PositionAuditAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "position",
        "seq",
        "event_type",
        "quantity_before",
        "quantity_after",
        "price",
        "triggered_by",
        "reason",
    ]
    list_filter = ["event_type"]
    list_select_related = ["position"]
    key_fields = ["position", "trade"]
    search_fields = ["trade__execution_id__exact"]
    autocomplete_fields = ["position", "trade"]
