from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    """A transaction of its own: validation scans, and must not keep the lock that adding the keys took."""

    dependencies = [("liquidity", "0005_references")]

    operations = [RunSQLFile("0006_validate_references")]
