from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations

from config.database.operations import AddIndexesConcurrently, ReplaceIndex


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [
        ("trading", "0032_transaction_numbers"),
    ]

    operations = [
        ReplaceIndex("instrumentmark", BrinIndex(fields=["marked_at", "txid"], name="instrument_marks_marked_at_idx")),
        ReplaceIndex("orderfill", BrinIndex(fields=["executed_at", "txid"], name="order_fills_executed_at_idx")),
        ReplaceIndex("orderaudit", BrinIndex(fields=["created_at", "txid"], name="order_audit_created_at_idx")),
        ReplaceIndex("positionaudit", BrinIndex(fields=["created_at", "txid"], name="position_audit_created_at_idx")),
        AddIndexesConcurrently("trade", indexes=[BrinIndex(fields=["txid"], name="trades_txid_brin_idx", autosummarize=True)]),
    ]
