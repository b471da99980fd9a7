from django.db import migrations

from config.database.operations import AddTransactionNumber


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0009_capture"),
        ("database", "0008_transaction_number"),
    ]

    operations = [
        AddTransactionNumber("auditlayout"),
        AddTransactionNumber("useractivitylog"),
        AddTransactionNumber("riskevent"),
        AddTransactionNumber("complianceevent"),
        AddTransactionNumber("systemevent"),
        AddTransactionNumber("apiaccesslog"),
    ]
