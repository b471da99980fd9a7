"""Writes to the logs that code makes itself; changes of audited tables are written by the database."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from audit.choices import Activity, Severity, SystemEventType
from audit.models import SystemEvent, UserActivityLog
from audit.requests import client_address, user_agent


def record_system_event(
    *,
    event_type: SystemEventType,
    message: str,
    severity: Severity = Severity.INFO,
    details: Mapping[str, Any] | None = None,
    service: str = "",
    host: str = "",
) -> None:
    """Write down what happened to the system. `details` are plain JSON values without secrets."""
    SystemEvent.objects.create(
        event_type=event_type,
        severity=severity,
        message=message,
        details=dict(details or {}),
        service=service,
        host=host,
    )


def record_user_activity(
    *,
    activity: Activity,
    user_id: UUID | None,
    request: HttpRequest | None = None,
    session_id: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down what a user did with his access; `details` never hold a password, a key or a code."""
    UserActivityLog.objects.create(
        user_id=user_id,
        activity_type=activity,
        ip_address=client_address(request),
        user_agent=user_agent(request),
        session_id=session_id,
        details=dict(details or {}),
    )
