from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    """Partitions that are built before they are attached, and a bound for the dates that make them."""

    dependencies = [("database", "0005_django_tables")]

    operations = [RunSQLFile("0006_partition_periods")]
