from django.db import migrations

from config.database.operations import AddTransactionNumber


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_audited"),
        ("database", "0008_transaction_number"),
    ]

    operations = [
        AddTransactionNumber("journal"),
        AddTransactionNumber("accounttransaction"),
        AddTransactionNumber("accountaudit"),
    ]
