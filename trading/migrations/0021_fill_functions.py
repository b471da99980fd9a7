from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    # What is posted goes through the ledger's doors.
    dependencies = [("trading", "0020_position_chain"), ("accounts", "0011_validate_ledger")]

    operations = [RunSQLFile("0021_fill_functions")]
