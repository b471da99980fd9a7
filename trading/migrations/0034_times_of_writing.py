import config.database.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("trading", "0033_transaction_indexes"), ("database", "0009_times")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='written_now', sql=config.database.triggers.SharedTriggerSql(condition="WHEN (CURRENT_USER <> 'trading_owner' AND (NEW.created_at <> now() OR NEW.received_at NOT BETWEEN now() - interval '1 day' AND now() + interval '1 minute'))", execute='refuse_other_time()', func='', hash='45696a496f3c55030c53dfec2b0068e662cec824', operation='INSERT', pgid='orders_written_now', table='orders', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='orderchangerequest',
            trigger=pgtrigger.compiler.Trigger(name='written_now', sql=config.database.triggers.SharedTriggerSql(condition="WHEN (CURRENT_USER <> 'trading_owner' AND (NEW.created_at <> now()))", execute='refuse_other_time()', func='', hash='cc9e6cc704b8b1b4a0591c8a498de12614701930', operation='INSERT', pgid='order_change_requests_written_now', table='order_change_requests', when='AFTER')),
        ),
    ]
