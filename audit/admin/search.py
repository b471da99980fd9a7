"""Search of large logs by a whole id."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest


class IdSearchMixin:
    """The search box takes a whole id and compares it with `id_search_fields`.

    Django would compare ids as text, which no index serves. A search for anything else finds nothing.
    """

    id_search_fields: tuple[str, ...] = ()
    search_help_text = "A whole id (UUID)"

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return self.id_search_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q.create([(name, wanted) for name in self.id_search_fields], connector=Q.OR)), False
