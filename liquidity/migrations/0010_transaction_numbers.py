from django.db import migrations

from config.database.operations import AddTransactionNumber


class Migration(migrations.Migration):
    dependencies = [
        ("liquidity", "0009_audited"),
        ("database", "0008_transaction_number"),
    ]

    operations = [
        AddTransactionNumber("lpquote"),
    ]
