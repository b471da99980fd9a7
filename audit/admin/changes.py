"""Pages about changes of audited tables, and the seals over them."""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from audit.capture.triggers import audited_models
from audit.models import AuditContext, AuditLayout, AuditLog, AuditRowHashes, AuditSeal, AuditSealChunk
from config.backoffice.admin import LogAdmin
from config.backoffice.lists import RowList


class TableFilter(admin.SimpleListFilter):
    """One table; its choices come from the models, since reading them from the log would read all of it."""

    title = "table"
    parameter_name = "table_name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        own = ("accounts", "trading", "liquidity", "risk")
        tables = {model._meta.db_table for model in apps.get_models() if model._meta.app_label in own}
        return [(table, table) for table in sorted(tables)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(table_name=self.value()) if self.value() else queryset


def _username(user_id: str) -> Subquery:
    """Who has the id in the column `user_id`: the log keeps ids, which say nothing to people."""
    users = get_user_model()._base_manager
    return Subquery(users.filter(pk=OuterRef(user_id)).values(get_user_model().USERNAME_FIELD)[:1])


class NewestChanges(RowList):
    """The list as it opens ends with a time after which there are changes enough for people to leaf through.

    The log has no index in the order of the list, so that it would read and sort all changes that there are. Filters
    and the search look at all of them.
    """

    ENOUGH = 10_000
    WINDOWS = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=31))

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        changes = super().get_queryset(request, exclude_parameters)
        if self.query or self.filter_params:
            return changes
        for window in self.WINDOWS:
            newest = {"created_at__gte": timezone.now() - window}
            # By the index of times, and no further than this many rows.
            if self.model._base_manager.filter(**newest)[self.ENOUGH : self.ENOUGH + 1].exists():
                return changes.filter(**newest)
        return changes


#: What a change's context says, on the page of the change.
SAID = ("user_id", "user_ip", "user_agent", "service", "reason", "db_user")


@admin.register(AuditLog)
class AuditLogAdmin(LogAdmin):
    """Who changed what, newest first."""

    list_display = ("created_at", "table_name", "action", "record_id", "user", "service", "reason")
    list_filter = (TableFilter,)
    key_fields = ("record_id",)
    search_help_text = "UUID of the row; else only recent changes"
    readonly_fields = ("record", "user", "address", "user_agent", "service", "reason", "login")
    fieldsets = (
        (None, {"fields": ("created_at", "action", "table_name", "record", "changes")}),
        ("Who", {"fields": ("user", "address", "user_agent", "service", "reason", "login")}),
        ("Proof", {"fields": ("txid", "context_number")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Annotated, since a list that leaves out a column (`changes`) cannot follow a key without one of its own.
        said = {f"said_{name}": F(f"context__{name}") for name in SAID}
        return super().get_queryset(request).annotate(username=_username("context__user_id"), **said)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RowList]:
        return NewestChanges

    @admin.display(description="row")
    def record(self, change: AuditLog) -> Any:
        """The changed row, as a link to all of its versions."""
        meta = audited_models()[change.table_name]._meta
        url = reverse(f"admin:{meta.app_label}_{meta.model_name}_history", args=[change.record_id])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, change.record_id)

    @admin.display(description="user")
    def user(self, change: Any) -> Any:
        return change.username or change.said_user_id

    @admin.display(description="address")
    def address(self, change: Any) -> str | None:
        return change.said_user_ip

    @admin.display(description="browser or client")
    def user_agent(self, change: Any) -> str:
        return change.said_user_agent or ""

    @admin.display(description="service")
    def service(self, change: Any) -> str:
        return change.said_service or ""

    @admin.display(description="reason")
    def reason(self, change: Any) -> str:
        return change.said_reason or ""

    @admin.display(description="login")
    def login(self, change: Any) -> str:
        return change.said_db_user or ""


@admin.register(AuditSeal)
class AuditSealAdmin(LogAdmin):
    """Seals, newest first."""

    list_display = ("id", "sealed_at", "kind", "sealed_table", "period", "lo", "hi", "row_count")
    list_filter = ("kind",)
    search_fields = ("sealed_table",)


@admin.register(AuditContext)
class AuditContextAdmin(LogAdmin):
    """Who made the changes of a transaction, newest first."""

    list_display = ("created_at", "txid", "user", "user_ip", "service", "reason", "db_user")
    key_fields = ("user_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(username=_username("user_id"))

    @admin.display(description="user")
    def user(self, said: Any) -> Any:
        return said.username or said.user_id


@admin.register(AuditLayout)
class AuditLayoutAdmin(LogAdmin):
    """Which columns the hashes of rows cover."""

    list_display = ("table_name", "layout", "columns", "created_at")
    search_fields = ("table_name",)


@admin.register(AuditRowHashes)
class AuditRowHashesAdmin(LogAdmin):
    """What rows were when their changes were sealed, newest first."""

    list_display = ("created_at", "table_name", "rows", "hi", "layout")
    list_filter = (TableFilter,)
    search_help_text = "Id (UUID) of these hashes"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # A list counts the rows; their keys and hashes, which it leaves out, are 48 KB of each line.
        return super().get_queryset(request).annotate(row_count=F("keys__octets") / 16)

    @admin.display(description="rows")
    def rows(self, hashes: Any) -> int:
        return hashes.row_count


@admin.register(AuditSealChunk)
class AuditSealChunkAdmin(LogAdmin):
    """The rows of seals, in chunks: for whoever looks for a row that a verification names."""

    list_display = ("seal_id", "number", "row_count")
    key_fields = ("seal_id",)
    search_help_text = "Number of a seal"
