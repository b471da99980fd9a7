from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0013_validate_order_keys")]

    operations = [RunSQLFile("0014_order_access")]
