from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    """Foreign keys between this app and the ones below that no model declares."""

    dependencies = [("liquidity", "0004_storage")]

    operations = [RunSQLFile("0005_references")]
