"""Pages about people, their roles, sessions and keys."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from accounts.models import ApiKey, User, UserRole, UserSession
from accounts.queries import may_manage
from accounts.services import revoke_role
from config.backoffice.admin import (
    BackOfficeAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    SoftDeletableAdmin,
    SoftDeletableForm,
)

KYC_FIELDS = ("kyc_status", "kyc_level", "is_verified", "email_verified_at")


class NewUserForm(SoftDeletableForm, UserCreationForm):
    """Asks for a password twice; only its hash is stored."""

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")


class RoleInline(ReadOnlyInline):
    """The periods in which the user holds or held roles."""

    model = UserRole
    fk_name = "user"
    fields = ("role", "granted_at", "expires_at", "granted_by")
    readonly_fields = fields


@admin.register(User)
class UserAdmin(DjangoUserAdmin, SoftDeletableAdmin):  # type: ignore[misc]
    """People who log in: neither a hash nor the second factor is shown."""

    form = SoftDeletableForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "username",
        "email",
        "last_name",
        "first_name",
        "kyc_status",
        "kyc_level",
        "is_active",
        "is_staff",
        "last_login",
    )
    list_filter = ("kyc_status", "is_staff", "is_active", "is_verified", "two_factor_enabled")
    search_fields = ("username", "email")
    search_help_text = "Part of a username or e-mail address"
    ordering = ["-id"]
    filter_horizontal = ()
    inlines = (RoleInline,)
    readonly_fields = ("password_link", "two_factor_enabled")
    fieldsets = (
        (None, {"fields": ("username", "email", "password_link")}),
        ("Person", {"fields": (("first_name", "last_name"), ("phone", "country_code"))}),
        (
            "Know your customer",
            {"fields": (("kyc_status", "kyc_level"), "is_verified", "email_verified_at")},
        ),
        (
            "Access",
            {"fields": (("is_active", "is_staff", "is_superuser"), "two_factor_enabled", "locked_until")},
        ),
        ("Log-ins", {"fields": (("last_login", "last_login_ip"), "failed_login_attempts")}),
        ("Record", {"fields": ("metadata", ("created_at", "updated_at", "deleted_at"))}),
    )
    add_fieldsets = ((None, {"fields": ("username", "email", "usable_password", "password1", "password2")}),)

    @admin.display(description="Password")
    def password_link(self, user: User) -> str:
        state = "set" if user.has_usable_password() else "none, cannot log in"
        return format_html(
            '{} · <a href="{}">change</a>', state, reverse("admin:auth_user_password_change", args=[user.pk])
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        readonly = list(super().get_readonly_fields(request, obj))
        if not request.user.is_superuser:
            readonly.append("is_superuser")
        if not request.user.has_perm("accounts.add_userrole"):
            readonly.append("is_staff")
        if not request.user.has_perm("accounts.add_user"):
            # A compliance officer decides on identities, not on access.
            readonly += [
                field.name
                for field in User._meta.fields
                if field.editable and field.name not in (*KYC_FIELDS, "password")
            ]
        return list(dict.fromkeys(readonly))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_manage(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_manage(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        if not request.user.has_perm("accounts.add_user"):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)


def _may_manage(request: HttpRequest, user: User | None) -> bool:
    return user is None or (isinstance(request.user, User) and may_manage(request.user, user))


class UserRoleForm(forms.ModelForm):
    """Refuses what the database would refuse, in words."""

    class Meta:
        model = UserRole
        fields = ("user", "role", "expires_at")

    granting: User

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        known = self.instance.pk is not None and not self.instance._state.adding
        user = self.instance.user if known else cleaned.get("user")
        role = self.instance.role if known else cleaned.get("role")
        # Also who prolongs his own role grants it to himself.
        if user == self.granting:
            raise forms.ValidationError("Nobody grants a role to himself.")
        start = self.instance.granted_at if known else timezone.now()
        end = cleaned.get("expires_at")
        if end is not None and end <= start:
            raise forms.ValidationError("A role ends after it began.")
        others = UserRole.objects.filter(user=user, role=role)
        if known:
            others = others.exclude(pk=self.instance.pk)
        others = others.filter(models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=start))
        if (others.filter(granted_at__lt=end) if end else others).exists():
            raise forms.ValidationError("The user holds this role already in that period.")
        return cleaned


@admin.register(UserRole)
class UserRoleAdmin(BackOfficeAdmin):
    """Who is which role when: a role is granted here and ended, never deleted."""

    form = UserRoleForm
    list_display = ("user", "role", "granted_at", "granted_by", "expires_at", "is_held")
    list_filter = ("role",)
    search_fields = ("user__username", "user__email")
    autocomplete_fields = ("user",)
    list_select_related = ("user", "granted_by")
    fields = ("user", "role", "granted_at", "granted_by", "expires_at")
    readonly_fields = ("granted_by",)
    ordering = ["-id"]
    actions = ("end_now",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[UserRole]:
        ended = models.Q(expires_at__isnull=False, expires_at__lte=Now())
        return (
            super()
            .get_queryset(request)
            .annotate(held=~models.ExpressionWrapper(ended, output_field=models.BooleanField()))
        )

    @admin.display(description="Held now", boolean=True)
    def is_held(self, grant: Any) -> bool:
        return bool(grant.held)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"granting": request.user})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        readonly = super().get_readonly_fields(request, obj)
        return [*readonly, "user", "role"] if obj is not None else readonly

    def save_model(self, request: HttpRequest, obj: UserRole, form: Any, change: bool) -> None:
        # Who prolongs a role grants it, too.
        until = form.initial.get("expires_at")
        if not change or (until is not None and (obj.expires_at is None or obj.expires_at > until)):
            obj.granted_by = request.user  # type: ignore[assignment]  # nobody else gets here
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="End the chosen roles now", permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: models.QuerySet[UserRole]) -> None:
        for grant in queryset:
            revoke_role(grant=grant)
        self.message_user(request, "The chosen roles have ended.", messages.SUCCESS)


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """Where people are or were logged in; the id that a browser holds is not shown."""

    list_display = ("user", "ip_address", "started_at", "last_seen_at", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("user__username", "user__email")
    list_select_related = ("user",)
    secret_fields = ("session_id",)
    fields = (
        "user",
        "ip_address",
        "user_agent",
        "device_fingerprint",
        "started_at",
        "last_seen_at",
        "ended_at",
    )
    ordering = ["-id"]


@admin.register(ApiKey)
class ApiKeyAdmin(BackOfficeAdmin):
    """Keys by their first characters; a key is made by its user, because nobody else may see it."""

    list_display = ("prefix", "name", "user", "last_used_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("user__username", "user__email")
    autocomplete_fields = ("user",)
    list_select_related = ("user",)
    secret_fields = ("key_hash",)
    fields = (
        "user",
        "name",
        "prefix",
        "scopes",
        "allowed_ips",
        "last_used_at",
        "expires_at",
        "revoked_at",
        "created_at",
        "updated_at",
    )
    readonly_fields = ("user", "prefix", "last_used_at")
    ordering = ["-id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
