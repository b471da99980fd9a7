import config.database.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations
from config.database.operations import RunSQLFile


class Migration(migrations.Migration):

    dependencies = [("trading", "0034_times_of_writing")]

    operations = [
        RunSQLFile("0035_settled_actions"),
        pgtrigger.migrations.AddTrigger(
            model_name='corporateaction',
            trigger=pgtrigger.compiler.Trigger(name='settled', sql=config.database.triggers.SharedTriggerSql(condition="WHEN (OLD.status IN ('applied', 'canceled'))", execute='refuse_settled_action()', func='', hash='b1f9584aed796a5c81d83c88713f08c4f7b15b22', operation='UPDATE OR DELETE', pgid='corporate_actions_settled', table='corporate_actions', when='BEFORE')),
        ),
    ]
