"""Pages about who clients are for the regulator."""

from typing import Any

from django import forms
from django.contrib import admin
from unfold.widgets import UnfoldAdminPasswordWidget

from accounts.models import ClientClassification, ClientIdentity
from config.backoffice.admin import BackOfficeAdmin


class ClientIdentityForm(forms.ModelForm):
    """The national id goes in and does not come out."""

    national_id = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Leave it empty to keep the stored one.",
    )

    class Meta:
        model = ClientIdentity
        fields = "__all__"  # noqa: DJ007 - the page's fieldsets name them

    def clean_national_id(self) -> str:
        typed: str = self.cleaned_data["national_id"]
        if self.cleaned_data.get("lei"):
            return typed
        return typed or self.instance.national_id


@admin.register(ClientIdentity)
class ClientIdentityAdmin(BackOfficeAdmin):
    """Clients as transaction reports name them."""

    form = ClientIdentityForm
    list_display = ("user", "legal_name", "surname", "first_names", "lei", "country_code")
    search_fields = ("surname", "lei__exact", "user__username", "user__email")
    search_help_text = "Part of a surname, username or e-mail address, or a whole LEI"
    autocomplete_fields = ("user",)
    list_select_related = ("user",)
    ordering = ["-id"]
    fieldsets = (
        (None, {"fields": ("user", "country_code")}),
        ("Legal entity", {"fields": ("lei", "legal_name")}),
        ("Person", {"fields": (("first_names", "surname"), ("birth_date", "national_id"))}),
        ("Record", {"fields": (("created_at", "updated_at"),)}),
    )

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        if may_write:
            return self.fieldsets
        person = ("Person", {"fields": (("first_names", "surname"), "birth_date")})
        return [person if name == "Person" else (name, options) for name, options in self.fieldsets]


@admin.register(ClientClassification)
class ClientClassificationAdmin(BackOfficeAdmin):
    """How each regime protects a client, by period."""

    list_display = ("user", "regime", "client_class", "valid_from", "valid_until")
    list_filter = ("regime", "client_class")
    search_fields = ("user__username", "user__email")
    autocomplete_fields = ("user",)
    list_select_related = ("user",)
    ordering = ["-id"]
