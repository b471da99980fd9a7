from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding a key does not."""

    dependencies = [("accounts", "0010_posting")]

    operations = [
        ValidateConstraint("cashrequest", "cash_requests_approved_before_booked_check"),
        ValidateConstraint("cashrequest", "cash_requests_account_currency_fk"),
        ValidateConstraint("accountaudit", "account_audit_chain_fk"),
        ValidateConstraint("accounttransaction", "account_transactions_chain_fk"),
        ValidateConstraint("account", "accounts_head_fk"),
    ]
