from django.db import migrations

from config.database.operations import CreatePartitions, SetFillFactor, SetStatistics


class Migration(migrations.Migration):
    dependencies = [("trading", "0003_access")]

    operations = [
        CreatePartitions("instrument_marks", "month", 3),
        # A fill changes an order a few times, a mark changes a position at every tick.
        SetFillFactor("orders", 90),
        SetFillFactor("positions", 60),
        # A handful of instruments and accounts has most of the rows; live statuses are rare among dead ones.
        SetStatistics("orders", "instrument_id"),
        SetStatistics("orders", "account_id"),
        SetStatistics("orders", "status"),
        SetStatistics("trades", "instrument_id"),
        SetStatistics("trades", "account_id"),
        SetStatistics("positions", "instrument_id"),
        SetStatistics("positions", "account_id"),
        SetStatistics("instrument_marks", "instrument_id"),
    ]
