"""Valid rows of the logs; every function takes columns as keywords and inserts one row, where one may be inserted."""

import hashlib
import itertools
import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from audit.models import (
    ApiAccessLog,
    AuditContext,
    AuditLayout,
    AuditLog,
    AuditRowHashes,
    AuditSeal,
    AuditSealChunk,
    ComplianceEvent,
    LegalHold,
    PartitionDeparture,
    RiskEvent,
    SystemEvent,
    UserActivityLog,
)
from config.database.owner import connected_as_owner
from tests import databases

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


def row_hashes() -> AuditRowHashes:
    """Of one row. Only the owner writes them: it is committed, and stays."""
    _write_as_owner(
        "INSERT INTO audit_row_hashes (table_name, layout, hi, keys, hashes)"
        " SELECT 'orders', 1, 10, %s, %s WHERE NOT EXISTS (SELECT FROM audit_row_hashes)",
        [uuid.UUID(int=1).bytes, digest("row")],
    )
    return AuditRowHashes.objects.earliest("id")


def seal() -> AuditSeal:
    """The first seal of the chain. Only the owner writes seals: it is committed, and stays."""
    _write_as_owner(
        "INSERT INTO audit_seals (kind, sealed_table, lo, hi, root, hash)"
        " SELECT 'rows', 'audit_log', 1, 10, %s, %s WHERE NOT EXISTS (SELECT FROM audit_seals)",
        [digest("root"), digest("seal")],
    )
    return AuditSeal.objects.earliest("id")


def seal_chunk() -> AuditSealChunk:
    """Its rows."""
    number = seal().pk
    _write_as_owner(
        "INSERT INTO audit_seal_chunks (seal_id, number, row_count, node, keys, prefixes)"
        " VALUES (%s, 0, 1, %s, '', '') ON CONFLICT DO NOTHING",
        [number, digest("node")],
    )
    return AuditSealChunk.objects.get(seal_id=number)


def _write_as_owner(statement: str, parameters: list[Any]) -> None:
    databases.Database(str(connection.settings_dict["NAME"])).rows(statement, parameters)


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


def legal_hold(**columns: Any) -> LegalHold:
    """A hold of all tables of 2019."""
    defaults = {
        "held_from": datetime(2019, 1, 1, tzinfo=UTC),
        "held_until": datetime(2020, 1, 1, tzinfo=UTC),
        "reason": f"Case {next(_numbers)}",
        "placed_by": "counsel",
    }
    return LegalHold.objects.create(**{**defaults, **columns})


def partition_departure(**columns: Any) -> PartitionDeparture:
    """January 2015 of the quotes, exported to a file; only the owner may write it."""
    defaults = {
        "table_name": "lp_quotes",
        "partition_name": "lp_quotes_p2015_01_01",
        "period_from": datetime(2015, 1, 1, tzinfo=UTC),
        "period_until": datetime(2015, 1, 2, tzinfo=UTC),
        "row_count": 10,
        "content_hash": digest("rows"),
        "file_name": f"lp_quotes/lp_quotes_p2015_01_01-{next(_numbers)}.parquet",
        "file_bytes": 1000,
        "file_sha256": digest("file"),
    }
    with connected_as_owner():
        return PartitionDeparture.objects.create(**{**defaults, **columns})
