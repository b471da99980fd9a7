from django.db import migrations

from config.database.operations import SetFillFactor, SetStatistics


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_access")]

    operations = [
        # Every valuation and every ledger entry changes its account, and no index.
        SetFillFactor("accounts", 60),
        # A log-in changes the user, each request the session.
        SetFillFactor("users", 90),
        SetFillFactor("user_sessions", 80),
        # The firm's own accounts are in every journal, a client's in few.
        SetStatistics("account_transactions", "account_id"),
        SetStatistics("account_transactions", "transaction_type"),
    ]
