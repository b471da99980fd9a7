from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0026_position_access")]

    operations = [RunSQLFile("0027_trade_journals")]
