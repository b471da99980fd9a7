"""Pages about what must be kept, and what has left."""

from django.contrib import admin

from audit.models import LegalHold, PartitionDeparture
from config.backoffice.admin import ReadOnlyAdmin


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    """Holds, the newest first; `legal_hold` places and releases them."""

    list_display = ("created_at", "table_name", "held_from", "held_until", "reason", "placed_by", "released_at")


@admin.register(PartitionDeparture)
class PartitionDepartureAdmin(ReadOnlyAdmin):
    """Partitions that were dropped, the newest first."""

    list_display = ("created_at", "partition_name", "period_from", "period_until", "row_count", "file_name")
    list_filter = ("table_name",)
