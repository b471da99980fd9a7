import config.database.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations
from config.database.operations import RunSQLFile


class Migration(migrations.Migration):

    dependencies = [("audit", "0012_seal_chain")]

    operations = [
        RunSQLFile("0013_verified_point"),
        pgtrigger.migrations.AddTrigger(
            model_name='systemevent',
            trigger=pgtrigger.compiler.Trigger(name='verified_point', sql=config.database.triggers.SharedTriggerSql(condition="WHEN (NEW.event_type = 'books_verified' AND NEW.details ? 'point' AND CURRENT_USER <> 'trading_owner')", execute='refuse_verified_point()', func='', hash='6771cb6c3e8e9d7713516d80c2619b7c3715fbf2', operation='INSERT', pgid='system_events_verified_point', table='system_events', when='BEFORE')),
        ),
    ]
