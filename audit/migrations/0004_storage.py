from django.db import migrations

from config.database.operations import CreatePartitions, SetStatistics


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_access")]

    operations = [
        CreatePartitions("audit_log", "month", 3),
        CreatePartitions("user_activity_log", "month", 3),
        CreatePartitions("system_events", "month", 3),
        CreatePartitions("api_access_log", "month", 3),
        # Nearly all changes are of a few hot tables.
        SetStatistics("audit_log", "table_name"),
    ]
