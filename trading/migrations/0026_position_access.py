from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0025_valuation")]

    operations = [RunSQLFile("0026_position_access")]
