from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0011_order_triggers")]

    operations = [RunSQLFile("0012_order_keys")]
