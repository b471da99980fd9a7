from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0022_position_triggers")]

    operations = [RunSQLFile("0023_position_keys")]
