"""Valid rows of the logs; every function takes columns as keywords and inserts one row, where one may be inserted."""

import hashlib
import itertools
import uuid
from typing import Any

from audit.models import (
    ApiAccessLog,
    AuditContext,
    AuditLayout,
    AuditLog,
    AuditSeal,
    ComplianceEvent,
    RiskEvent,
    SystemEvent,
    UserActivityLog,
)

_numbers = itertools.count(1)


def digest(text: Any) -> bytes:
    return hashlib.sha256(str(text).encode()).digest()


def change() -> AuditLog:
    """The last change that a trigger has written: nobody else may."""
    return AuditLog.objects.latest("id")


def context() -> AuditContext:
    """The last context that a trigger has written."""
    return AuditContext.objects.latest("created_at")


def layout() -> AuditLayout:
    """One that a migration has written."""
    return AuditLayout.objects.latest("id")


def seal(**columns: Any) -> AuditSeal:
    """The first seal of `audit_log`, over the transactions 1 to 9."""
    defaults = {
        "sealed_table": "audit_log",
        "lo": 1,
        "hi": 10,
        "row_count": 3,
        "root": digest("root"),
        "hash": digest(f"seal {next(_numbers)}"),
    }
    return AuditSeal.objects.create(**{**defaults, **columns})


def user_activity(**columns: Any) -> UserActivityLog:
    return UserActivityLog.objects.create(**{"activity_type": "login", "user_id": uuid.uuid4(), **columns})


def risk_event(**columns: Any) -> RiskEvent:
    return RiskEvent.objects.create(**{"event_type": "margin_call", "account_id": uuid.uuid4(), **columns})


def compliance_event(**columns: Any) -> ComplianceEvent:
    return ComplianceEvent.objects.create(**{"event_type": "kyc_check", "user_id": uuid.uuid4(), **columns})


def system_event(**columns: Any) -> SystemEvent:
    return SystemEvent.objects.create(**{"event_type": "server_start", "message": "Server started.", **columns})


def api_access(**columns: Any) -> ApiAccessLog:
    defaults = {"endpoint": "/orders", "method": "GET", "status_code": 200, "response_time_ms": 12}
    return ApiAccessLog.objects.create(**{**defaults, **columns})
