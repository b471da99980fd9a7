from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations

from config.database.operations import ReplaceIndex


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [
        ("liquidity", "0010_transaction_numbers"),
    ]

    operations = [
        ReplaceIndex("lpquote", BrinIndex(fields=["quoted_at", "txid"], name="lp_quotes_quoted_at_idx")),
    ]
