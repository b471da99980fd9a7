from django.db import migrations

from config.database.operations import AddTransactionNumber


class Migration(migrations.Migration):
    dependencies = [
        ("risk", "0010_audited"),
        ("database", "0008_transaction_number"),
    ]

    operations = [
        AddTransactionNumber("circuitbreakerevent"),
        AddTransactionNumber("portfoliorisk"),
        AddTransactionNumber("positionriskmetric"),
        AddTransactionNumber("risklimitbreach"),
        AddTransactionNumber("stresstestresult"),
    ]
