"""Log-ins and log-outs go to `user_activity_log`."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from audit.choices import Activity
from audit.requests import session_digest
from audit.services import record_user_activity


@receiver(user_logged_in, dispatch_uid="accounts.record_login")
def _logged_in(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    record_user_activity(activity=Activity.LOGIN, user_id=user.pk, request=request, session_id=session_digest(request))


@receiver(user_logged_out, dispatch_uid="accounts.record_logout")
def _logged_out(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record_user_activity(
            activity=Activity.LOGOUT, user_id=user.pk, request=request, session_id=session_digest(request)
        )


@receiver(user_login_failed, dispatch_uid="accounts.record_failed_login")
def _login_failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    # What was typed is not kept: people type their password into the wrong field.
    login = credentials.get("username") or ""
    user = User.objects.known_as(login) if "\0" not in login else None
    record_user_activity(activity=Activity.LOGIN_FAILED, user_id=user.pk if user else None, request=request)
