"""How clients trade and where their orders go."""

from django.contrib import admin

from config.backoffice.admin import BackOfficeAdmin
from liquidity.models import ClientProfile


@admin.register(ClientProfile)
class ClientProfileAdmin(BackOfficeAdmin):
    list_display = [
        "account",
        "user",
        "profile_type",
        "toxicity_score",
        "profitability_score",
        "abook_percentage",
        "bbook_percentage",
        "risk_category",
        "auto_route",
        "manual_override_route",
        "last_analyzed",
    ]
    list_filter = ["profile_type", "risk_category", "trading_style", "auto_route"]
    list_select_related = ["account", "user"]
    search_fields = ["account__account_number", "user__email", "user__username"]
    autocomplete_fields = ["account", "user"]
    ordering = ["-pk"]
