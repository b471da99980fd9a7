from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0024_validate_position_keys")]

    operations = [RunSQLFile("0025_valuation")]
