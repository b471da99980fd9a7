from django.db import migrations

from config.database.operations import AddTransactionNumber


class Migration(migrations.Migration):
    dependencies = [("ops", "0001_migration_runs"), ("database", "0008_transaction_number")]

    operations = [AddTransactionNumber("migrationstep")]
