"""Log-in by username or e-mail, and rights by role."""

from typing import Any

import bcrypt
from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import BCryptPasswordHasher
from django.http import HttpRequest
from django.utils import timezone

from accounts.choices import Role
from accounts.models import User
from accounts.permissions import permissions_of
from accounts.queries import role_permissions
from accounts.services import record_failed_login, record_login
from audit.requests import client_address


class ImportedBcryptHasher(BCryptPasswordHasher):
    """Verifies bcrypt hashes of other systems (`bcrypt$$2b$12$…`); Django replaces them at the next log-in.

    bcrypt has always looked at the first 72 bytes only. Its library now refuses longer passwords, but people
    who have one must get in with it.
    """

    MAXIMUM_BYTES = 72

    def encode(self, password: str, salt: Any) -> str:
        hashed = bcrypt.hashpw(password.encode()[: self.MAXIMUM_BYTES], salt)
        return f"{self.algorithm}${hashed.decode('ascii')}"

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is the password; a hash that is cut or garbled is nobody's."""
        try:
            return super().verify(password, encoded)
        except ValueError:
            return False


class RoleBackend(ModelBackend):
    """Logs in by username or e-mail in any case; rights are what the user's roles of now allow together."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The user, or None: unknown, locked, disabled and mistyped look the same and take the same time."""
        login = username if username is not None else kwargs.get(User.USERNAME_FIELD)
        if login is None or password is None or "\0" in login:
            return None
        user = User.objects.known_as(login)
        if user is None or (user.locked_until is not None and user.locked_until > timezone.now()):
            # Cost of one hash, as for somebody known.
            User().set_password(password)
            return None
        if not user.check_password(password):
            record_failed_login(user=user)
            return None
        if not self.user_can_authenticate(user) or not record_login(user=user, ip_address=client_address(request)):
            return None
        return user

    async def aauthenticate(self, *args: Any, **kwargs: Any) -> User | None:
        """As `authenticate`: Django's own would pass by the counting of wrong passwords."""
        return await sync_to_async(self.authenticate)(*args, **kwargs)

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None: rights come from roles only."""
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """What the user's roles allow, such as `trading.view_order`."""
        return self.get_all_permissions(user_obj, obj)

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """As `get_group_permissions`; a superuser has those of a super admin. Looked up once per request."""
        if obj is not None or user_obj.is_anonymous or not user_obj.is_active:
            return set()
        if not hasattr(user_obj, "_role_permissions"):
            everything = permissions_of(Role.SUPER_ADMIN) if user_obj.is_superuser else role_permissions(user_obj)
            user_obj._role_permissions = everything
        return set(user_obj._role_permissions)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(name.startswith(f"{app_label}.") for name in self.get_all_permissions(user_obj))
