"""Lists of rows."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError, ProgrammingError, models
from django.http import HttpRequest
from unfold.views import ChangeList


class RowList(ChangeList):
    """Reads no JSON document and no bytes that it does not show.

    They are the widest columns, and a single document that is nested too deeply for Python would close the list.
    """

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> models.QuerySet[Any]:
        if any("\0" in value for values in self.filter_params.values() for value in values):
            # PostgreSQL has no character 0: the list opens without filters, as for any other wrong one.
            raise IncorrectLookupParameters
        shown = self.model_admin.list_display
        wide = [
            field.name
            for field in self.model._meta.concrete_fields
            if isinstance(field, models.JSONField | models.BinaryField) and field.name not in shown
        ]
        return super().get_queryset(request, exclude_parameters).defer(*wide)

    def get_results(self, request: HttpRequest) -> None:
        """A filter whose value is wrong only where the statement is made or run is as wrong as any other."""
        try:
            super().get_results(request)
        except (ValueError, TypeError, LookupError, ArithmeticError, DataError, ProgrammingError) as error:
            if not self.filter_params:
                raise
            raise IncorrectLookupParameters(error) from error
