import config.database.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0013_verified_point"),
        ("risk", "0012_transaction_indexes"),
    ]

    operations = [
        RunSQLFile("0013_risk_events"),
        pgtrigger.migrations.AddTrigger(
            model_name="circuitbreakerevent",
            trigger=pgtrigger.compiler.Trigger(
                name="risk_event",
                sql=config.database.triggers.SharedTriggerSql(
                    condition="WHEN (NEW.event_type = 'triggered')",
                    execute="record_breaker_event()",
                    func="",
                    hash="5a5b72fd446939f1917b41d76067a53f64935f0e",
                    operation="INSERT",
                    pgid="circuit_breaker_events_risk_event",
                    table="circuit_breaker_events",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="margincall",
            trigger=pgtrigger.compiler.Trigger(
                name="risk_event",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="record_margin_call_event()",
                    func="",
                    hash="f688e47f1c00f5e314ebce2e794abd6c3ee88fc9",
                    operation="INSERT",
                    pgid="margin_calls_risk_event",
                    table="margin_calls",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="risklimitbreach",
            trigger=pgtrigger.compiler.Trigger(
                name="risk_event",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="record_limit_breach_event()",
                    func="",
                    hash="655fd614d1247ca10f938e13e9b1df35b918f415",
                    operation="INSERT",
                    pgid="risk_limit_breaches_risk_event",
                    table="risk_limit_breaches",
                    when="AFTER",
                ),
            ),
        ),
    ]
