from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding does not."""

    dependencies = [("accounts", "0013_finite")]

    operations = [
        ValidateConstraint("account", "accounts_finite_check"),
        ValidateConstraint("accountaudit", "account_audit_finite_check"),
        ValidateConstraint("accounttransaction", "account_transactions_finite_check"),
        ValidateConstraint("apikey", "api_keys_finite_check"),
        ValidateConstraint("cashrequest", "cash_requests_finite_check"),
        ValidateConstraint("clientclassification", "client_classifications_finite_check"),
        ValidateConstraint("clientidentity", "client_identities_finite_check"),
        ValidateConstraint("currency", "currencies_finite_check"),
        ValidateConstraint("journal", "journals_finite_check"),
        ValidateConstraint("user", "users_finite_check"),
        ValidateConstraint("userrole", "user_roles_finite_check"),
        ValidateConstraint("usersession", "user_sessions_finite_check"),
    ]
