"""People who log in."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q
from django.db.models.functions import Lower, Upper

from accounts.choices import KycStatus
from accounts.passwords import PasswordField
from accounts.triggers import user_changed, user_rights
from audit.capture import audited
from config.database.constraints import between, not_negative, one_of, requires
from config.database.fields import EncryptedTextField, MetadataField
from config.database.models import ExistingManager, SoftDeletableEntity
from config.database.owner import connected_as_owner


class UserManager(BaseUserManager["User"], ExistingManager):
    """Makes users, and finds them by what they type at log-in."""

    use_in_migrations = False

    def create_user(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        """Save a new user; without a password nobody can log in as him."""
        user = self.model(username=self.model.normalize_username(username), email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        """Save a new user who may do everything (`manage.py createsuperuser`).

        As the schema's owner, where its login is known: once there is a superuser, the application makes another one
        only while a superuser acts (`users_rights_from_above`).
        """
        with connected_as_owner(self._db or DEFAULT_DB_ALIAS):
            return self.create_user(username, email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def known_as(self, login: str) -> "User | None":
        """The user whose e-mail (if it has an @) or username is `login`, in any case; None if nobody's is."""
        column = "email" if "@" in login else "username"
        # The unique indexes are on lower(column); iexact would compare upper(column) and use neither.
        return self.alias(key=Lower(column)).filter(key=Lower(models.Value(login))).first()

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user of that username or e-mail; raises `User.DoesNotExist`."""
        user = self.known_as(username or "")
        if user is None:
            raise self.model.DoesNotExist(f"No user is called {username}.")
        return user


class User(AbstractBaseUser, SoftDeletableEntity):
    """A person or program that logs in; roles, not this row, say what he may do.

    An e-mail address or username in any spelling of case belongs to one living user; a deleted user's may be
    used again. Neither a password nor a second factor is ever stored in the clear.
    """

    email = models.EmailField(max_length=254)
    username = models.CharField(max_length=150)
    password = PasswordField(
        max_length=128, db_column="password_hash", help_text="Argon2id, or bcrypt until the next log-in."
    )
    first_name = models.CharField(max_length=150, blank=True, db_default="")
    last_name = models.CharField(max_length=150, blank=True, db_default="")
    phone = models.CharField(max_length=32, blank=True, db_default="")
    country_code = models.CharField(
        max_length=2, blank=True, db_default="", help_text="Of residence, ISO 3166-1 alpha-2."
    )
    kyc_status = models.CharField(
        max_length=20, choices=KycStatus, default=KycStatus.PENDING, db_default=KycStatus.PENDING
    )
    kyc_level = models.SmallIntegerField(
        default=0, db_default=0, help_text="0 (nothing checked) to 3 (enhanced due diligence)."
    )
    is_active = models.BooleanField(default=True, db_default=True, help_text="May log in.")
    is_staff = models.BooleanField(default=False, db_default=False, help_text="May use the back office.")
    is_superuser = models.BooleanField(
        default=False, db_default=False, help_text="May do everything, whatever the roles say."
    )
    is_verified = models.BooleanField(default=False, db_default=False)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    two_factor_enabled = models.BooleanField(default=False, db_default=False)
    two_factor_secret = EncryptedTextField(blank=True, db_default="")
    last_login = models.DateTimeField(null=True, blank=True, editable=False, db_column="last_login_at")
    last_login_ip = models.GenericIPAddressField(null=True, blank=True, editable=False)
    failed_login_attempts = models.SmallIntegerField(
        default=0, db_default=0, editable=False, help_text="Since the last success."
    )
    locked_until = models.DateTimeField(null=True, blank=True, help_text="No log-in before this time.")
    metadata = MetadataField()

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta(SoftDeletableEntity.Meta):
        db_table = "users"
        triggers = [
            *SoftDeletableEntity.Meta.triggers,
            user_rights(),
            user_changed(),
            *audited(secret=("password", "two_factor_secret"), critical=True),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="users_email_uniq",
                condition=Q(deleted_at__isnull=True),
                violation_error_message="This e-mail address is in use.",
            ),
            models.UniqueConstraint(
                Lower("username"),
                name="users_username_uniq",
                condition=Q(deleted_at__isnull=True),
                violation_error_message="This username is in use.",
            ),
            requires(
                "users",
                "email_format",
                Q(email__regex=r"^[^@\s]+@[^@\s]+$"),
                "An e-mail address has a name, an @ and a host.",
            ),
            # At log-in an @ tells an address from a username: one user's name is never another's address.
            requires(
                "users",
                "username_format",
                Q(username__regex=r"^[^@\s]+$"),
                "A username has neither spaces nor an @.",
            ),
            requires(
                "users",
                "country_code",
                Q(country_code__regex=r"^([A-Z]{2})?$"),
                "A country code has two capital letters.",
            ),
            one_of("users", "kyc_status", KycStatus),
            between("users", "kyc_level", 0, 3),
            not_negative("users", "failed_login_attempts"),
            requires(
                "users",
                "two_factor_secret",
                Q(two_factor_enabled=False) | ~Q(two_factor_secret=""),
                "Two-factor log-in needs its secret.",
            ),
        ]
        indexes = [
            # Substring search of the admin, and of every page that looks a user up; icontains compares
            # upper(column).
            GinIndex(OpClass(Upper("email"), name="gin_trgm_ops"), name="users_email_trgm_idx"),
            GinIndex(OpClass(Upper("username"), name="gin_trgm_ops"), name="users_username_trgm_idx"),
            # The compliance officer's queue: the oldest client who waits for a check comes first.
            models.Index(
                fields=["created_at"],
                name="users_kyc_queue_idx",
                condition=Q(kyc_status__in=[KycStatus.PENDING, KycStatus.UNDER_REVIEW], deleted_at__isnull=True),
            ),
            # The admin's filter for people of the back office: a handful among many clients.
            models.Index(fields=["username"], name="users_staff_idx", condition=Q(is_staff=True)),
        ]

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name or self.username

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Names of what he may do now, such as `trading.view_order`."""
        return {name for backend in get_backends() for name in backend.get_all_permissions(self, obj)}

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether he may do `perm`; a superuser may always, somebody inactive never."""
        return self.is_active and (self.is_superuser or perm in self.get_all_permissions(obj))

    def has_perms(self, perms: Iterable[str], obj: Any = None) -> bool:
        """Whether he may do each of `perms`."""
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether he may do anything in an app."""
        if not self.is_active:
            return False
        return self.is_superuser or any(name.startswith(f"{app_label}.") for name in self.get_all_permissions())
