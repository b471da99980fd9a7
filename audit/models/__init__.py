from audit.models.activity import UserActivityLog
from audit.models.api_access import ApiAccessLog
from audit.models.audit_log import AuditLog
from audit.models.audit_seals import AuditSeal, AuditSealChunk
from audit.models.compliance_events import ComplianceEvent
from audit.models.contexts import AuditContext
from audit.models.layouts import AuditLayout
from audit.models.legal_holds import LegalHold
from audit.models.partition_departures import PartitionDeparture
from audit.models.risk_events import RiskEvent
from audit.models.row_hashes import AuditRowHashes
from audit.models.system_events import SystemEvent

__all__ = [
    "ApiAccessLog",
    "AuditContext",
    "AuditLayout",
    "AuditLog",
    "AuditRowHashes",
    "AuditSeal",
    "AuditSealChunk",
    "ComplianceEvent",
    "LegalHold",
    "PartitionDeparture",
    "RiskEvent",
    "SystemEvent",
    "UserActivityLog",
]
