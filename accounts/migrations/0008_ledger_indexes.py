from django.db import migrations, models

from config.database.operations import AddIndexesConcurrently, RunIndexFile


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [("accounts", "0007_ledger_columns")]

    operations = [
        RunIndexFile(
            "0008_account_head_key",
            table="account_transactions",
            index="account_transactions_account_head_uniq",
            state_operations=[
                migrations.AddConstraint(
                    model_name="accounttransaction",
                    constraint=models.UniqueConstraint(
                        fields=("account", "seq", "balance_after"), name="account_transactions_account_head_uniq"
                    ),
                ),
            ],
        ),
        AddIndexesConcurrently(
            "account",
            indexes=[
                models.Index(
                    fields=["currency", "account_number"],
                    name="accounts_house_idx",
                    condition=models.Q(("kind", "house")),
                ),
            ],
        ),
    ]
