from django.db import migrations

from config.database.operations import RunIndexFile


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [("risk", "0003_access")]

    operations = [
        RunIndexFile("0004_instrument_class_key", table="instruments", index="instruments_id_esma_class_uniq")
    ]
