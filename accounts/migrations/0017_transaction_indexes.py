from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations

from config.database.operations import ReplaceIndex


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [
        ("accounts", "0016_transaction_numbers"),
    ]

    operations = [
        ReplaceIndex("journal", BrinIndex(fields=["created_at", "txid"], name="journals_created_at_brin_idx", autosummarize=True)),
        ReplaceIndex("accounttransaction", BrinIndex(fields=["processed_at", "txid"], name="account_trans_time_brin_idx", autosummarize=True)),
        ReplaceIndex("accountaudit", BrinIndex(fields=["created_at", "txid"], name="account_audit_time_brin_idx", autosummarize=True)),
    ]
