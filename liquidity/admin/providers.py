"""Providers, what they trade, and what is held with them."""

from typing import Any

from django import forms
from django.contrib import admin
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminPasswordWidget

from config.backoffice.admin import (
    BackOfficeAdmin,
    ChoosesByKey,
    ReadOnlyAdmin,
    SoftDeletableAdmin,
    SoftDeletableForm,
)
from liquidity.models import LiquidityProvider, LpExposure, LpInstrument


class LiquidityProviderForm(SoftDeletableForm):
    """Secrets are written, never shown: an empty field keeps what is stored."""

    SECRETS = ("api_key", "api_secret")

    new_api_key = forms.CharField(
        label="New API key",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted and never shown; leave empty to keep the present one.",
    )
    new_api_secret = forms.CharField(
        label="New API secret",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted and never shown; leave empty to keep the present one.",
    )

    class Meta:
        model = LiquidityProvider
        exclude = ("api_key", "api_secret")

    def save(self, commit: bool = True) -> Any:
        for name in self.SECRETS:
            if value := self.cleaned_data.get(f"new_{name}"):
                setattr(self.instance, name, value)
        return super().save(commit)


class LpInstrumentInline(ChoosesByKey, TabularInline):
    model = LpInstrument
    extra = 0
    fields = [
        "instrument",
        "lp_symbol",
        "is_enabled",
        "priority",
        "min_quantity",
        "max_quantity",
        "commission_rate",
    ]
    autocomplete_fields = ["instrument"]
    show_change_link = True


@admin.register(LiquidityProvider)
class LiquidityProviderAdmin(SoftDeletableAdmin):
    form = LiquidityProviderForm
    list_display = [
        "name",
        "provider_type",
        "protocol",
        "is_active",
        "priority",
        "connection_status",
        "last_heartbeat",
        "latency_ms",
        "uptime_percentage",
        "deleted_at",
    ]
    list_filter = [
        "provider_type",
        "protocol",
        "is_active",
        "connection_status",
        ("deleted_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["name", "lei__exact"]
    autocomplete_fields = ["currency"]
    ordering = ["priority", "name"]
    inlines = [LpInstrumentInline]


@admin.register(LpInstrument)
class LpInstrumentAdmin(BackOfficeAdmin):
    list_display = [
        "provider",
        "instrument",
        "lp_symbol",
        "is_enabled",
        "priority",
        "min_quantity",
        "max_quantity",
        "commission_rate",
        "markup_bps",
    ]
    list_filter = ["is_enabled", "provider", ("instrument", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["provider", "instrument"]
    search_fields = ["lp_symbol", "provider__name", "instrument__symbol"]
    autocomplete_fields = ["provider", "instrument"]


@admin.register(LpExposure)
class LpExposureAdmin(ReadOnlyAdmin):
    list_display = [
        "provider",
        "instrument",
        "long_exposure",
        "short_exposure",
        "net_exposure",
        "currency",
        "exposure_limit",
        "risk_utilization",
        "updated_at",
    ]
    list_filter = ["provider", ("instrument", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["provider", "instrument", "currency"]
    search_fields = ["provider__name", "instrument__symbol"]
