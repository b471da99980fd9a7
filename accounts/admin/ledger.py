"""Pages about the books: to be read only."""

from django.contrib import admin

from accounts.models import AccountTransaction, Journal
from config.backoffice.admin import LogAdmin, ReadOnlyInline


class EntryInline(ReadOnlyInline):
    """The entries of a journal."""

    model = AccountTransaction
    fields = ("account", "transaction_type", "amount", "currency_id", "balance_before", "balance_after")
    readonly_fields = ("currency_id",)


@admin.register(Journal)
class JournalAdmin(LogAdmin):
    """Business events that moved money."""

    list_display = ("created_at", "kind", "idempotency_key", "description", "created_by")
    search_fields = ("idempotency_key__exact",)
    search_help_text = "The whole idempotency key"
    list_select_related = ("created_by",)
    fields = ("kind", "idempotency_key", "reversal_of", "description", "created_by", "metadata", "created_at")
    inlines = (EntryInline,)


@admin.register(AccountTransaction)
class AccountTransactionAdmin(LogAdmin):
    """Ledger entries, newest first."""

    list_display = (
        "processed_at",
        "account",
        "seq",
        "transaction_type",
        "amount",
        "currency",
        "balance_after",
    )
    search_fields = ("account__account_number",)
    search_help_text = "Part of an account number"
    list_select_related = ("account", "currency")
