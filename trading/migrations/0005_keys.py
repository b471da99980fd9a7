from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    # The keys that are pointed at are unique constraints of accounts.
    dependencies = [("trading", "0004_storage"), ("accounts", "0002_indexes")]

    operations = [RunSQLFile("0005_keys")]
