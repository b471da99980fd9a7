from django.db import migrations

from config.database.operations import CreatePartitions, SetFillFactor, SetStatistics


class Migration(migrations.Migration):
    """Partitions of the quotes, room for updates where rows change often, and statistics of skewed columns."""

    dependencies = [("liquidity", "0003_access")]

    operations = [
        CreatePartitions("lp_quotes", "day", 35),
        # Heartbeats, latency and volumes move every few seconds.
        SetFillFactor("liquidity_providers", 70),
        # Every fill moves a row.
        SetFillFactor("lp_exposure", 60),
        # A row is written at the decision and completed by the answer.
        SetFillFactor("lp_order_routing", 85),
        # The current bucket is added to until it ends.
        SetFillFactor("lp_performance_metrics", 80),
        SetStatistics("lp_order_routing", "provider_id"),
        SetStatistics("lp_performance_metrics", "instrument_id"),
    ]
