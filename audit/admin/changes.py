"""Pages about changes of audited tables, and the seals over them."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.models import AuditContext, AuditLayout, AuditLog, AuditSeal, AuditSealChunk
from config.backoffice.admin import LogAdmin


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


@admin.register(AuditLog)
class AuditLogAdmin(LogAdmin):
    """Who changed what, newest first."""

    list_display = ("created_at", "table_name", "action", "record_id", "user_id", "service", "reason")
    list_select_related = ("context",)
    list_filter = (TableFilter,)
    key_fields = ("record_id",)
    search_help_text = "Id (UUID) of the changed row; choose its table as well on a large log"

    @admin.display(description="user")
    def user_id(self, change: AuditLog) -> Any:
        return change.context and change.context.user_id

    @admin.display(description="service")
    def service(self, change: AuditLog) -> str:
        return change.context.service if change.context else ""

    @admin.display(description="reason")
    def reason(self, change: AuditLog) -> str:
        return change.context.reason if change.context else ""


@admin.register(AuditSeal)
class AuditSealAdmin(LogAdmin):
    """Seals, newest first."""

    list_display = ("id", "sealed_at", "kind", "sealed_table", "period", "lo", "hi", "row_count")
    list_filter = ("kind",)
    search_fields = ("sealed_table",)


@admin.register(AuditContext)
class AuditContextAdmin(LogAdmin):
    """Who made the changes of a transaction, newest first."""

    list_display = ("created_at", "txid", "user_id", "user_ip", "service", "reason", "db_user")
    key_fields = ("user_id",)


@admin.register(AuditLayout)
class AuditLayoutAdmin(LogAdmin):
    """Which columns the hashes of changes cover."""

    list_display = ("table_name", "layout", "columns", "created_at")
    search_fields = ("table_name",)


@admin.register(AuditSealChunk)
class AuditSealChunkAdmin(LogAdmin):
    """The rows of seals, in chunks: for whoever looks for a row that a verification names."""

    list_display = ("seal_id", "number", "row_count")
    key_fields = ("seal_id",)
    search_help_text = "Number of a seal"
