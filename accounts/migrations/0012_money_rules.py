import config.database.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations
from config.database.operations import RunSQLFile


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_validate_ledger'),
    ]

    operations = [
        RunSQLFile("0012_money_rules"),
        pgtrigger.migrations.AddTrigger(
            model_name='account',
            trigger=pgtrigger.compiler.Trigger(name='identity', sql=config.database.triggers.SharedTriggerSql(condition='WHEN ((OLD.user_id, OLD.account_type, OLD.kind, OLD.currency) IS DISTINCT FROM (NEW.user_id, NEW.account_type, NEW.kind, NEW.currency))', execute='refuse_account_identity()', func='', hash='5e5cc0a33884b73b28a4263896dfdf03e06069a5', operation='UPDATE OF "user_id", "account_type", "kind", "currency"', pgid='accounts_identity', table='accounts', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='account',
            trigger=pgtrigger.compiler.Trigger(name='opened', sql=config.database.triggers.SharedTriggerSql(condition='WHEN (NEW.equity <> 0 OR NEW.margin_used > 0 OR NEW.margin_available <> 0 OR NEW.unrealized_pnl <> 0 OR NEW.realized_pnl <> 0 OR NEW.credit > 0 OR NEW.margin_level IS NOT NULL)', execute='refuse_valued_account()', func='', hash='28a056e6b6adbd56bca63a233dc3bf9cd30b50b1', operation='INSERT', pgid='accounts_opened', table='accounts', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accounttransaction',
            trigger=pgtrigger.compiler.Trigger(name='of_trading', sql=config.database.triggers.SharedTriggerSql(condition="WHEN (CURRENT_USER <> 'trading_owner' AND (NEW.transaction_type IN ('realized_pnl', 'swap') OR NEW.reference_type IN ('trades', 'positions')))", execute='refuse_trading_entry()', func='', hash='a3eb2ac424492128cf230233cca1a958a0a833da', operation='INSERT', pgid='account_transactions_of_trading', table='account_transactions', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='currency',
            trigger=pgtrigger.compiler.Trigger(name='exponent', sql=config.database.triggers.SharedTriggerSql(condition='WHEN (OLD.exponent <> NEW.exponent)', execute='check_currency_exponent()', func='', hash='de7f44deadecbf9e4964905f184bad11f2d47622', operation='UPDATE OF "exponent"', pgid='currencies_exponent', table='currencies', when='BEFORE')),
        ),
    ]
