from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding a key does not."""

    dependencies = [("accounts", "0005_keys")]

    operations = [ValidateConstraint("accounttransaction", "account_transactions_account_currency_fk")]
