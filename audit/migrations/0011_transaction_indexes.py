from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations

from config.database.operations import ReplaceIndex


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [
        ("audit", "0010_transaction_numbers"),
    ]

    operations = [
        ReplaceIndex("auditlog", BrinIndex(fields=["created_at", "txid", "id"], name="audit_log_created_at_brin_idx")),
        ReplaceIndex("useractivitylog", BrinIndex(fields=["created_at", "txid"], name="user_activity_time_brin_idx")),
        ReplaceIndex("riskevent", BrinIndex(fields=["created_at", "txid"], name="risk_events_time_brin_idx", autosummarize=True)),
        ReplaceIndex("complianceevent", BrinIndex(fields=["created_at", "txid"], name="compliance_events_time_idx", autosummarize=True)),
        ReplaceIndex("systemevent", BrinIndex(fields=["created_at", "txid"], name="system_events_time_brin_idx")),
        ReplaceIndex("apiaccesslog", BrinIndex(fields=["created_at", "txid"], name="api_access_time_brin_idx")),
    ]
