"""The kinds of admin pages, one for each kind of table."""

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connections, models, router, transaction
from django.db.models.constants import LOOKUP_SEP
from django.forms import Field
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin, TabularInline

from config.backoffice.columns import column_of
from config.backoffice.history import has_history, versions_of
from config.backoffice.lists import RowList
from config.backoffice.paginator import EstimatePaginator
from config.backoffice.refusals import REFUSALS, STALE, refused, sentence
from config.backoffice.widgets import ExactDateTimeBoxes, KeySelect
from config.database.fields import DocumentInput, EncryptedTextField
from config.numbers import plain

#: The hidden input of a form with the time at which its row had last changed.
VERSION = "_version"

#: A row that every trade changes, such as the house's account, has more versions than a page can hold.
VERSIONS_SHOWN = 500


class ChoosesByKey(BaseModelAdmin):
    """Autocompleted fields refuse what is no key at all."""

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KeySelect(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class BackOfficeAdmin(ChoosesByKey, ModelAdmin):
    """A table that people may edit.

    The search box takes text, looked up in `search_fields`, or a whole UUID, compared with `key_fields` (the primary
    key by default): Django would compare keys as text, which no index serves.
    """

    paginator = EstimatePaginator
    show_full_result_count = False
    # Counts beside the choices of filters would read the whole table, too.
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    compressed_fields = True
    warn_unsaved_form = True
    key_fields: Sequence[str] = ("pk",)
    #: Columns that no page shows; what is encrypted is one of them by itself.
    secret_fields: Sequence[str] = ()
    object_history_template = "backoffice/history.html"
    change_form_template = "backoffice/change_form.html"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        #: What the database refused of requests that are still answered.
        self._refusals: WeakKeyDictionary[HttpRequest, str] = WeakKeyDictionary()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The button to the history is there where one is kept."""
        # The version of the row that the form was opened with, also when it is shown again.
        shown = {"show_history": object_id is not None and has_history(self.model), "version": self._version(request)}
        shown |= extra_context or {}
        try:
            return super().changeform_view(request, object_id, form_url, shown)
        except REFUSALS as error:
            # Nothing is saved. Once more, to show what was typed and why it is refused.
            self._refusals[request] = sentence(error)
            return super().changeform_view(request, object_id, form_url, shown)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A time in the address of an empty form is read, or left out: its two boxes take no text, and would fail."""
        initial = super().get_changeform_initial_data(request)
        for field in self.opts.fields:
            if isinstance(field, models.DateTimeField) and field.name in initial:
                typed = initial.pop(field.name)
                with suppress(ValidationError):
                    initial[field.name] = field.to_python(typed)
        return initial

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Numbers and hashes that are only read, as in lists."""
        page = context["adminform"]
        _show_as_in_lists(page, self.model, page.readonly_fields)
        for inline in context["inline_admin_formsets"]:
            is_edited = inline.has_change_permission
            _show_as_in_lists(
                inline, inline.opts.model, inline.readonly_fields if is_edited else flatten_fieldsets(inline.fieldsets)
            )
        return super().render_change_form(request, context, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        why = self._refusals.get(request) or self._outdated(request, obj)
        return refused(form, why) if why else form

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Nobody else changes the row between the look at its version and its change."""
        row = super().get_object(request, object_id, from_field)
        database = router.db_for_write(self.model)
        if row is None or not connections[database].in_atomic_block or not self._version(request):
            return row
        if self.has_change_permission(request, row):
            locked = self.model._base_manager.using(database).select_for_update().filter(pk=row.pk)
            if locked.values_list("pk").first() is not None:
                row.refresh_from_db(from_queryset=self.get_queryset(request).using(database))
        return row

    def _version(self, request: HttpRequest) -> str | None:
        """When the row had last changed as its form was opened; None for forms of other programs."""
        return request.POST.get(VERSION)

    def _outdated(self, request: HttpRequest, row: Any) -> str | None:
        """Why the form must not be saved: it would put back what another one has changed meanwhile."""
        version, changed_at = self._version(request), getattr(row, "updated_at", None)
        return STALE if version and changed_at and version != changed_at.isoformat() else None

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except REFUSALS as error:
            return self._back_to_list(request, error)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        try:
            # Deferred rules are checked at the end, and an action does all or nothing.
            with transaction.atomic(using=router.db_for_write(self.model)):
                return super().changelist_view(request, extra_context)
        except REFUSALS as error:
            return self._back_to_list(request, error)

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """What is no key at all chooses no row: Django would look it up, too, and fail."""
        try:
            queryset.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        except (ValidationError, ValueError):
            self.message_user(request, "What was chosen is no row of this list.", messages.ERROR)
            return None
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def _back_to_list(self, request: HttpRequest, error: DatabaseError) -> HttpResponse:
        self.message_user(request, sentence(error), messages.ERROR)
        return redirect(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """The newest versions of the row, the last one first, with who made each and why; 404 where none are kept."""
        if not has_history(self.model):
            raise Http404
        row = self.get_object(request, object_id)
        may_see = row and self.has_view_permission(request, row)
        versions = versions_of(self.model, row.pk, VERSIONS_SHOWN + 1) if may_see else []
        shown = {
            "versions": _with_usernames(versions[:VERSIONS_SHOWN]),
            "are_more": len(versions) > VERSIONS_SHOWN,
            "titles": ["Time (UTC)", "Change", "By", "Reason", "Columns"],
        }
        return super().history_view(request, object_id, {**shown, **(extra_context or {})})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the database sets (keys, times, generated columns) is shown, not edited."""
        made_by_database = [
            field.name
            for field in self.model._meta.fields
            if isinstance(field, models.GeneratedField) or (not field.editable and not field.primary_key)
        ]
        return [*dict.fromkeys([*super().get_readonly_fields(request, obj), *made_by_database])]

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Field | None:
        """A new row's form starts with the values that the database would give it."""
        if isinstance(db_field, models.JSONField):
            kwargs.setdefault("form_class", DocumentInput)
        if isinstance(db_field, models.DateTimeField):
            kwargs.setdefault("widget", ExactDateTimeBoxes)
        default = db_field.db_default if db_field.has_db_default() else None
        if isinstance(default, models.Value):
            default = default.value
        if isinstance(default, str | int | float | bool) and "initial" not in kwargs:
            kwargs["initial"] = default
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.DecimalField):
            field.prepare_value = lambda value: plain(value) if isinstance(value, Decimal) else value  # type: ignore[method-assign]
        return field

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RowList]:
        return RowList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Not by a secret: which filters find the row tells it, one character after the other."""
        name = lookup.split(LOOKUP_SEP)[0]
        encrypted = (field.name for field in self.opts.fields if isinstance(field, EncryptedTextField))
        if name in (*self.secret_fields, *encrypted):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        return [_column(self.model, name) for name in super().get_list_display(request)]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Rows below another exist only once that one does: before, its key is not known (the database makes it)."""
        return super().get_inlines(request, obj) if obj else []

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        """Without search fields, the box is there for keys."""
        return super().get_search_fields(request) or self.key_fields

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        term = search_term.strip()
        if "\0" in term:  # the list's own box refuses it, that of an autocompleted field does not
            return queryset.none(), False
        try:
            key = UUID(term)
        except ValueError:
            if term and not self.search_fields:
                return queryset.none(), False
            return super().get_search_results(request, queryset, search_term)
        keys = [name for name in self.key_fields if self._is_uuid(name)]
        if not keys:
            return queryset.none(), False
        return queryset.filter(models.Q.create([(name, key) for name in keys], connector=models.Q.OR)), False

    def _is_uuid(self, name: str) -> bool:
        meta = self.model._meta
        field = meta.pk if name == "pk" else meta.get_field(name)
        return isinstance(getattr(field, "target_field", field), models.UUIDField)


def _column(model: type[models.Model], name: Any) -> Any:
    field = next((field for field in model._meta.fields if field.name == name), None)
    return (field and column_of(field)) or name


def _show_as_in_lists(page: Any, model: type[models.Model], only_read: Sequence[Any]) -> None:
    """Of a page's form, or of the rows below it, the fields that are only read."""
    columns = {name: _column(model, name) for name in only_read}

    def shown(line: Any) -> Any:
        # One field, or some beside each other.
        return [columns.get(name, name) for name in line] if isinstance(line, list | tuple) else columns.get(line, line)

    page.readonly_fields = [*columns.values()]
    page.fieldsets = [(title, {**each, "fields": [*map(shown, each["fields"])]}) for title, each in page.fieldsets]


def _with_usernames(versions: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Each with who made it: versions keep ids, which say nothing to people."""
    users = get_user_model()
    made_by = {version.user_id for version in versions} - {None}
    names = dict(users._base_manager.filter(pk__in=made_by).values_list("pk", users.USERNAME_FIELD))
    return [(version, names.get(version.user_id, version.user_id)) for version in versions]


class SoftDeletableForm(forms.ModelForm):
    """Names are unique among rows that are not deleted: Django checks that only if it may look at `deleted_at`."""

    def _get_validation_exclusions(self) -> set[str]:
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions - {"deleted_at"}


class SoftDeletableAdmin(BackOfficeAdmin):
    """A table whose rows are only marked as deleted; the marked ones stay visible here."""

    form = SoftDeletableForm

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Nothing that points at the rows stands in the way, because the rows stay."""
        named = [str(obj) for obj in objs]
        # Who may delete some rows may not delete every one, and the list lets choose any.
        kinds_refused = {str(self.opts.verbose_name) for obj in objs if not self.has_delete_permission(request, obj)}
        return named, {str(self.opts.verbose_name_plural): len(named)}, kinds_refused, []

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        queryset = self.model.all_objects.all()
        ordering = self.get_ordering(request)
        return queryset.order_by(*ordering) if ordering else queryset


class ReadOnlyMixin:
    """Rows are seen, never written: they are the record of what happened, or the database keeps them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnlyMixin, BackOfficeAdmin):
    """An append-only table, or one that only services write; the newest rows first, by its primary key."""

    # Keys are in time order, and their index is there.
    ordering = ["-pk"]


class LogAdmin(ReadOnlyAdmin):
    """A large append-only table."""

    list_per_page = 100
    list_filter_submit = True


class ReadOnlyInline(ReadOnlyMixin, TabularInline):
    """Rows of another table below the one that is looked at."""

    extra = 0
    show_change_link = True
