"""What changes the terms of trading: fees and corporate actions."""

from django.contrib import admin

from config.backoffice.admin import BackOfficeAdmin
from trading.models import CorporateAction, FeeSchedule


@admin.register(FeeSchedule)
class FeeScheduleAdmin(BackOfficeAdmin):
    list_display = [
        "instrument",
        "account_group",
        "commission_rate",
        "commission_per_lot",
        "commission_currency",
        "markup_bps",
        "swap_long",
        "swap_short",
        "valid_from",
        "valid_until",
    ]
    list_filter = ["account_group", ("valid_until", admin.EmptyFieldListFilter)]
    list_select_related = ["instrument", "commission_currency"]
    search_fields = ["instrument__symbol", "account_group"]
    autocomplete_fields = ["instrument", "commission_currency"]


@admin.register(CorporateAction)
class CorporateActionAdmin(BackOfficeAdmin):
    list_display = [
        "instrument",
        "action",
        "ex_date",
        "payment_date",
        "ratio",
        "cash_amount",
        "cash_currency",
        "status",
    ]
    list_filter = ["action", "status"]
    list_select_related = ["instrument", "cash_currency"]
    date_hierarchy = "ex_date"
    search_fields = ["instrument__symbol", "description"]
    autocomplete_fields = ["instrument", "cash_currency", "journal"]
