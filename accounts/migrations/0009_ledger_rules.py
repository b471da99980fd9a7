import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

import config.database.triggers
from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_ledger_indexes")]

    operations = [
        RunSQLFile("0009_ledger_rules"),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="head_forward",
                sql=config.database.triggers.SharedTriggerSql(
                    condition="WHEN (NEW.last_seq <= OLD.last_seq AND (OLD.balance <> NEW.balance OR OLD.last_seq <> NEW.last_seq))",
                    execute="refuse_head_backward()",
                    func="",
                    hash="515f3d3f568c1a9ee73a428f0f444a17bd2a1efb",
                    operation='UPDATE OF "balance", "last_seq"',
                    pgid="accounts_head_forward",
                    table="accounts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="created",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="record_account_created()",
                    func="",
                    hash="2805325951e94d19308ba5e6af0bbf2e1c5e97a6",
                    operation="INSERT",
                    pgid="accounts_created",
                    table="accounts",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="changed",
                sql=config.database.triggers.SharedTriggerSql(
                    condition="WHEN ((OLD.is_locked, OLD.is_active, OLD.deleted_at, OLD.leverage, OLD.max_leverage, OLD.credit, OLD.user_id, OLD.account_number, OLD.account_type, OLD.kind, OLD.oms_type, OLD.currency, OLD.broker_id, OLD.group_name, OLD.locked_reason) IS DISTINCT FROM (NEW.is_locked, NEW.is_active, NEW.deleted_at, NEW.leverage, NEW.max_leverage, NEW.credit, NEW.user_id, NEW.account_number, NEW.account_type, NEW.kind, NEW.oms_type, NEW.currency, NEW.broker_id, NEW.group_name, NEW.locked_reason))",
                    execute="record_account_changed()",
                    func="",
                    hash="58d37f92af8f83de69d32af7b52bd54015402913",
                    operation='UPDATE OF "is_locked", "is_active", "deleted_at", "leverage", "max_leverage", "credit", "user_id", "account_number", "account_type", "kind", "oms_type", "currency", "broker_id", "group_name", "locked_reason"',
                    pgid="accounts_changed",
                    table="accounts",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accounttransaction",
            trigger=pgtrigger.compiler.Trigger(
                name="head",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="post_entries()",
                    func="",
                    hash="f1368a98b41c5a74ae40f7ac9f85faa2eaca473b",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="account_transactions_head",
                    referencing="REFERENCING NEW TABLE AS entries ",
                    table="account_transactions",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cashrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="born_pending",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="check_new_cash_request()",
                    func="",
                    hash="770a05ee253b363701d752ffd97be9201b6cfdc0",
                    operation="INSERT",
                    pgid="cash_requests_born_pending",
                    table="cash_requests",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cashrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="state",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="check_cash_request()",
                    func="",
                    hash="024a93a0272a4ab0929da5747dd4ab348cf7c017",
                    operation="UPDATE OR DELETE",
                    pgid="cash_requests_state",
                    table="cash_requests",
                    when="BEFORE",
                ),
            ),
        ),
    ]
