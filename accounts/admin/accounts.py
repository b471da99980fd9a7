"""Pages about accounts, their history and the cash that people ask to move."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import Account, AccountAudit, CashRequest, Currency
from config.backoffice.admin import BackOfficeAdmin, LogAdmin, SoftDeletableAdmin


@admin.register(Currency)
class CurrencyAdmin(BackOfficeAdmin):
    """Currencies; a code stays, because money refers to it."""

    list_display = ("code", "name", "kind", "exponent")
    list_filter = ("kind",)
    search_fields = ("code", "name")
    ordering = ["code"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        readonly = super().get_readonly_fields(request, obj)
        return [*readonly, "code"] if obj is not None else readonly


@admin.register(Account)
class AccountAdmin(SoftDeletableAdmin):
    """Accounts: settings are edited, money only moves through the ledger."""

    list_display = (
        "account_number",
        "user",
        "account_type",
        "kind",
        "currency",
        "balance",
        "equity",
        "margin_level",
        "is_active",
        "is_locked",
    )
    list_filter = ("account_type", "kind", "is_active", "is_locked", "currency")
    search_fields = ("account_number", "user__username", "user__email")
    autocomplete_fields = ("user", "currency")
    list_select_related = ("user", "currency")
    ordering = ["-id"]
    fieldsets = (
        (None, {"fields": (("account_number", "user"), ("account_type", "kind"), ("currency", "oms_type"))}),
        ("Conditions", {"fields": (("leverage", "max_leverage"), ("group_name", "broker_id"))}),
        ("State", {"fields": ("is_active", ("is_locked", "locked_reason"))}),
        (
            "Money",
            {"fields": (("balance", "equity"), ("unrealized_pnl", "realized_pnl"), ("credit", "last_seq"))},
        ),
        ("Margin", {"fields": (("margin_used", "margin_available"), "margin_level")}),
        ("Record", {"fields": ("metadata", ("created_at", "updated_at", "deleted_at"))}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        readonly = super().get_readonly_fields(request, obj)
        # An account stays what it was opened as.
        opened_as = ("account_number", "user", "account_type", "kind", "currency")
        return [*readonly, *opened_as] if obj is not None else readonly


@admin.register(AccountAudit)
class AccountAuditAdmin(LogAdmin):
    """What happened to accounts."""

    list_display = ("created_at", "account", "seq", "event_type", "triggered_by", "reason")
    search_fields = ("account__account_number",)
    list_select_related = ("account",)


@admin.register(CashRequest)
class CashRequestAdmin(BackOfficeAdmin):
    """Money that somebody asks to move; another person decides, so a request is not edited here."""

    list_display = (
        "created_at",
        "account",
        "request_type",
        "amount",
        "currency",
        "status",
        "requested_by",
        "approved_by",
    )
    list_filter = ("status", "request_type")
    search_fields = ("account__account_number", "external_reference__exact")
    autocomplete_fields = ("account", "currency")
    list_select_related = ("account", "requested_by", "approved_by", "currency")
    ordering = ["-id"]
    fields = (
        "account",
        "request_type",
        ("amount", "currency"),
        ("payment_method", "external_reference"),
        "note",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fields
        decision = ("status", "requested_by", ("approved_by", "approved_at"), "journal", "failure_reason")
        return (*self.fields, *decision, ("created_at", "updated_at"))

    def save_model(self, request: HttpRequest, obj: CashRequest, form: Any, change: bool) -> None:
        obj.requested_by = request.user  # type: ignore[assignment]  # nobody else gets here
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
