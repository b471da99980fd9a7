import config.database.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("accounts", "0017_transaction_indexes"), ("database", "0009_times")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='accounttransaction',
            trigger=pgtrigger.compiler.Trigger(name='written_now', sql=config.database.triggers.SharedTriggerSql(condition="WHEN (CURRENT_USER <> 'trading_owner' AND (NEW.created_at <> now() OR NEW.processed_at <> now()))", execute='refuse_other_time()', func='', hash='8ebd6e3c07bc144613ea1f01d19825def0446844', operation='INSERT', pgid='account_transactions_written_now', table='account_transactions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cashrequest',
            trigger=pgtrigger.compiler.Trigger(name='written_now', sql=config.database.triggers.SharedTriggerSql(condition="WHEN (CURRENT_USER <> 'trading_owner' AND (NEW.created_at <> now()))", execute='refuse_other_time()', func='', hash='1c92621036ca8d67ed0c0cf1f86a35c9e1694c6e', operation='INSERT', pgid='cash_requests_written_now', table='cash_requests', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='journal',
            trigger=pgtrigger.compiler.Trigger(name='written_now', sql=config.database.triggers.SharedTriggerSql(condition="WHEN (CURRENT_USER <> 'trading_owner' AND (NEW.created_at <> now()))", execute='refuse_other_time()', func='', hash='c20825a90c428defe20a396ae7eef5215ebe797f', operation='INSERT', pgid='journals_written_now', table='journals', when='AFTER')),
        ),
    ]
