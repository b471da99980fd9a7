"""Which columns a row's hash covers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from config.database.models import AppendOnlyLog


class AuditLayout(AppendOnlyLog):
    """The columns, in order, that the hashes of `layout` cover in one audited table; written by migrations.

    A table that gets another column gets another layout; hashes of older ones can be computed for good.
    """

    table_name = models.CharField(max_length=63)
    layout = models.IntegerField(help_text="Computed from the columns' names and types.")
    columns = ArrayField(models.CharField(max_length=63))

    class Meta(AppendOnlyLog.Meta):
        db_table = "audit_layouts"
        constraints = [models.UniqueConstraint(fields=["table_name", "layout"], name="audit_layouts_layout_uniq")]

    def __str__(self) -> str:
        return f"{self.table_name} {self.layout}"
