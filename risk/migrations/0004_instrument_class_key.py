from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [("risk", "0003_access")]

    operations = [RunSQLFile("0004_instrument_class_key")]
