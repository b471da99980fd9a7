"""Checks that each change in the log has its context: who made it, under which login.

The triggers remember in a setting that a transaction's context is written down, and a client can set every setting.
One that says so falsely leaves a change without a context.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from audit.models import AuditContext
from audit.sealing.findings import Finding, Findings, Problem
from audit.sealing.live import kept_from
from audit.sealing.windows import SealedPast

#: Longer than any transaction lasts whose context may have left with the month before that of its changes.
LONGEST_TRANSACTION = timedelta(days=1)


def verify_contexts(cursor: Any, past: SealedPast, findings: Findings) -> None:
    """Report the changes whose context is not there, of the months whose contexts are still kept."""
    cursor.execute(
        """
        SELECT table_name, record_id::text, id, txid FROM audit_log AS log
         WHERE created_at >= %s::timestamptz + %s
           AND NOT EXISTS (SELECT FROM audit_contexts AS said
                            WHERE said.txid = log.txid AND said.number = log.context_number)
         ORDER BY id
        """,
        [kept_from(past, AuditContext._meta.db_table), LONGEST_TRANSACTION],
    )
    for table, key, change, transaction in cursor:
        findings.add(
            Finding(
                problem=Problem.CONTEXT,
                table=table,
                key=key,
                sentence=f"{table} {key}: nobody is said to have made its change (audit_log {change}, transaction"
                f" {transaction}): its row in audit_contexts was removed, or its client pretended that there was one.",
            )
        )
