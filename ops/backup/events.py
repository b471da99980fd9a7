"""What backups and restores write into `system_events`, so that the desk sees a failure where it looks anyway."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import Error as DatabaseError

from audit.choices import Severity, SystemEventType
from audit.services import record_system_event


def record(
    event_type: SystemEventType,
    message: str,
    *,
    service: str,
    severity: Severity = Severity.INFO,
    details: Mapping[str, Any] | None = None,
) -> bool:
    """Write an event into the default database; False where that was not possible, as when the server is gone."""
    try:
        record_system_event(
            event_type=event_type,
            severity=severity,
            message=message,
            details=details,
            service=service,
            host=os.uname().nodename,
        )
    except (DatabaseError, psycopg.Error):
        return False
    return True
