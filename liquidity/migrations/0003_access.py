from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    """Who may do what with the tables of this app."""

    dependencies = [("liquidity", "0002_liquidity_indexes"), ("database", "0004_partitions")]

    operations = [RunSQLFile("0003_access")]
