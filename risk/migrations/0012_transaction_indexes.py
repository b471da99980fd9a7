from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations

from config.database.operations import AddIndexesConcurrently, ReplaceIndex


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [
        ("risk", "0011_transaction_numbers"),
    ]

    operations = [
        ReplaceIndex("circuitbreakerevent", BrinIndex(fields=["created_at", "txid"], name="circuit_breaker_events_tm_idx")),
        ReplaceIndex("portfoliorisk", BrinIndex(fields=["time_bucket", "txid"], name="portfolio_risk_time_idx")),
        ReplaceIndex("positionriskmetric", BrinIndex(fields=["calculated_at", "txid"], name="position_risk_metrics_time_idx")),
        AddIndexesConcurrently("risklimitbreach", indexes=[BrinIndex(fields=["txid"], name="risk_limit_breaches_txid_idx", autosummarize=True)]),
        AddIndexesConcurrently("stresstestresult", indexes=[BrinIndex(fields=["txid"], name="stress_test_results_txid_idx", autosummarize=True)]),
    ]
