from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_ledger_rules")]

    operations = [RunSQLFile("0010_posting")]
