from django.db import migrations

from config.database.operations import AddTransactionNumber


class Migration(migrations.Migration):
    dependencies = [
        ("trading", "0031_audited"),
        ("database", "0008_transaction_number"),
    ]

    operations = [
        AddTransactionNumber("instrumentmark"),
        AddTransactionNumber("orderfill"),
        AddTransactionNumber("orderaudit"),
        AddTransactionNumber("trade"),
        AddTransactionNumber("positionaudit"),
    ]
