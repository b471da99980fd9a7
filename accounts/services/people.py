"""Writes about people: log-in counters and roles."""

from datetime import timedelta
from typing import Any

from django.db.models import Case, DateTimeField, F, Func, Q, Value, When
from django.db.models.functions import Now

from accounts.models import User, UserRole

MAXIMUM_FAILED_LOGINS = 5
LOCK_TIME = timedelta(minutes=15)


def record_failed_login(*, user: User) -> None:
    """Count a failed log-in; the fifth in a row locks the user for 15 minutes.

    One UPDATE, so that guesses made at the same time are all counted. After a lock has passed, counting
    starts anew.
    """
    attempts = Case(When(locked_until__lte=Now(), then=Value(1)), default=F("failed_login_attempts") + 1)
    last = Q(failed_login_attempts__gte=MAXIMUM_FAILED_LOGINS - 1) & (
        Q(locked_until__isnull=True) | Q(locked_until__gt=Now())
    )
    User.objects.filter(pk=user.pk).update(
        failed_login_attempts=attempts,
        locked_until=Case(When(last, then=Now() + LOCK_TIME), default=None, output_field=DateTimeField()),
    )


def record_login(*, user: User, ip_address: str | None) -> bool:
    """Reset the counter and keep the address; False if the user was locked, disabled or deleted meanwhile."""
    changes: dict[str, Any] = {"failed_login_attempts": 0, "locked_until": None}
    if ip_address:
        changes["last_login_ip"] = ip_address
    living = User.objects.filter(Q(locked_until__isnull=True) | Q(locked_until__lte=Now()), pk=user.pk, is_active=True)
    return living.update(**changes) == 1


def revoke_role(*, grant: UserRole) -> None:
    """End a role now; one that has ended already stays as it is."""
    # The clock, not the transaction's time: a role ends after it was granted, also within one transaction.
    now = Func(function="clock_timestamp", output_field=DateTimeField())
    UserRole.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), pk=grant.pk).update(expires_at=now)
