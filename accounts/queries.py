"""Reads about people and accounts."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from accounts.choices import Role
from accounts.models import User, UserRole
from accounts.permissions import permissions_of


def active_roles(user: User) -> frozenset[Role]:
    """The roles that a user holds now; a deleted or inactive user holds none."""
    if not user.is_active or user.deleted_at is not None:
        return frozenset()
    return _roles(_unexpired(user).filter(granted_at__lte=Now()))


def role_permissions(user: User) -> frozenset[str]:
    """Names of what a user's roles of now allow, such as `trading.view_order`."""
    return _allowed_by(active_roles(user))


def may_manage(actor: User, user: User) -> bool:
    """Whether `actor` may change `user`'s rights or password: never if the user may or could do more than himself."""
    if actor.is_superuser:
        return True
    # An inactive or deleted user may do nothing now, but all of it once he is let in again, with a password that is
    # known to whoever set it.
    return not user.is_superuser and _allowed_by(_roles(_unexpired(user))) <= role_permissions(actor)


def _unexpired(user: User) -> QuerySet[UserRole]:
    """A user's roles that have not ended, also those that have yet to begin."""
    return UserRole.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()), user=user)


def _roles(held: QuerySet[UserRole]) -> frozenset[Role]:
    return frozenset(Role(role) for role in held.values_list("role", flat=True))


def _allowed_by(roles: frozenset[Role]) -> frozenset[str]:
    return frozenset(name for role in roles for name in permissions_of(role))
