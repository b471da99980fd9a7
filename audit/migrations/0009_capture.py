from django.db import migrations

from config.database.operations import CreatePartitions, RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0008_contexts_and_layouts")]

    operations = [CreatePartitions("audit_contexts", "month", 3), RunSQLFile("0009_capture")]
