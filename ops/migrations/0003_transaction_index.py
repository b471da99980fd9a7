from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations

from config.database.operations import AddIndexesConcurrently


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [("ops", "0002_transaction_number")]

    operations = [
        AddIndexesConcurrently(
            "migrationstep", [BrinIndex(fields=["txid"], name="migration_steps_txid_idx", autosummarize=True)]
        )
    ]
