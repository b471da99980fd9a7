from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0006_validate_keys")]

    operations = [RunSQLFile("0007_order_status_transitions")]
