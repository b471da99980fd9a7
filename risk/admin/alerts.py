"""What a person should look at."""

from django.contrib import admin

from config.backoffice.admin import BackOfficeAdmin
from risk.models import RiskAlert


@admin.register(RiskAlert)
class RiskAlertAdmin(BackOfficeAdmin):
    list_display = [
        "created_at",
        "severity",
        "alert_type",
        "title",
        "account",
        "status",
        "occurrences",
        "resolved_at",
    ]
    list_filter = ["status", "severity", "alert_type"]
    search_fields = ["account__account_number__exact"]
    autocomplete_fields = ["account", "user", "instrument", "position", "acknowledged_by", "resolved_by"]
    list_select_related = ["account"]
    ordering = ["-pk"]
