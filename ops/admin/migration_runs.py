"""Pages about what `migrate` did."""

from django.contrib import admin

from config.backoffice.admin import LogAdmin, ReadOnlyAdmin, ReadOnlyInline
from ops.models import MigrationRun, MigrationStep

_TIMES = ("result", "duration_ms", "attempts", "lock_wait_ms")


class StepInline(ReadOnlyInline):
    """The migrations of a run, in the order in which they ended."""

    model = MigrationStep
    fields = ("app", "name", *_TIMES, "error")
    ordering = ("pk",)


@admin.register(MigrationRun)
class MigrationRunAdmin(ReadOnlyAdmin):
    """Deployments."""

    list_display = ("started_at", "finished_at", "direction", "result", "code_revision", "host", "error")
    list_filter = ("result", "direction")
    inlines = (StepInline,)


@admin.register(MigrationStep)
class MigrationStepAdmin(LogAdmin):
    """What became of each migration."""

    list_display = ("created_at", "app", "name", "direction", *_TIMES, "error")
    list_filter = ("result", "app")
    list_select_related = ("run",)
    search_fields = ("name",)
    key_fields = ("run",)
