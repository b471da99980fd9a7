"""Rows that are added where they are missing, and counted."""

from collections import Counter
from typing import Any, TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


class Additions(Counter[str]):
    """Number of rows added per table.

    What is there already, by its natural key, is left as it is: whoever changed, closed or deleted a seeded row
    does not find it changed back.
    """

    def ensure(self, model: type[Row], key: dict[str, Any], **values: Any) -> Row:
        """The row of that key, also a soft-deleted one where none lives; added with `values` if there is none."""
        rows = getattr(model, "all_objects", model._default_manager).filter(**key)
        if hasattr(model, "all_objects"):
            rows = rows.order_by("-deleted_at")  # descending puts NULL, the living, first
        found: Row | None = rows.first()
        return found or self.add(model, **key, **values)

    def add(self, model: type[Row], **values: Any) -> Row:
        """A new row."""
        self[model._meta.db_table] += 1
        return model._default_manager.create(**values)
