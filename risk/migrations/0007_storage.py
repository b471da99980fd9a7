from django.db import migrations

from config.database.operations import CreatePartitions, SetFillFactor, SetStatistics


class Migration(migrations.Migration):
    dependencies = [("risk", "0006_keys_validated")]

    operations = [
        CreatePartitions("position_risk_metrics", "week", 13),
        CreatePartitions("portfolio_risk", "week", 13),
        # Recalculated with every move of the market.
        SetFillFactor("margin_requirements", 70),
        # A few limits make most breaches, and nearly all alerts are closed.
        SetStatistics("risk_limit_breaches", "limit_id"),
        SetStatistics("risk_alerts", "status"),
    ]
