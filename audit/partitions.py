"""How the audit tables are cut."""

from config.database.partitions import Interval, RangePartitioning

PARTITIONED = [
    RangePartitioning("audit_log", Interval.MONTH, 3, retention=24),
    RangePartitioning("audit_contexts", Interval.MONTH, 3, retention=24),
    RangePartitioning("audit_row_hashes", Interval.MONTH, 3, retention=24),
    RangePartitioning("user_activity_log", Interval.MONTH, 3, retention=24),
    RangePartitioning("system_events", Interval.MONTH, 3, retention=24),
    RangePartitioning("api_access_log", Interval.MONTH, 3, retention=12),
]
