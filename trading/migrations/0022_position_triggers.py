import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

import config.database.triggers


class Migration(migrations.Migration):
    dependencies = [("trading", "0021_fill_functions")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="position",
            trigger=pgtrigger.compiler.Trigger(
                name="modify",
                sql=config.database.triggers.SharedTriggerSql(
                    condition="WHEN ((OLD.stop_loss, OLD.take_profit, OLD.trailing_stop) IS DISTINCT FROM (NEW.stop_loss, NEW.take_profit, NEW.trailing_stop))",
                    execute="number_position_change()",
                    func="",
                    hash="6bddfbb66e1e756706b2736cd85a0011ecd041bb",
                    operation="UPDATE",
                    pgid="positions_modify",
                    table="positions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="position",
            trigger=pgtrigger.compiler.Trigger(
                name="record",
                sql=config.database.triggers.SharedTriggerSql(
                    condition="WHEN ((OLD.stop_loss, OLD.take_profit, OLD.trailing_stop) IS DISTINCT FROM (NEW.stop_loss, NEW.take_profit, NEW.trailing_stop))",
                    execute="record_position_change()",
                    func="",
                    hash="dbea97cbde8d532a3ee5cb55c5edba61389ef4d9",
                    operation="UPDATE",
                    pgid="positions_record",
                    table="positions",
                    when="AFTER",
                ),
            ),
        ),
    ]
