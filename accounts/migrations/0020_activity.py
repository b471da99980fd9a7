import config.database.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0013_verified_point"),
        ("accounts", "0019_rights"),
    ]

    operations = [
        RunSQLFile("0020_activity"),
        pgtrigger.migrations.AddTrigger(
            model_name="apikey",
            trigger=pgtrigger.compiler.Trigger(
                name="created",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="record_key_activity()",
                    func="",
                    hash="653df7ad957681a37f7c21bf51034494159ea6d2",
                    operation="INSERT",
                    pgid="api_keys_created",
                    table="api_keys",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apikey",
            trigger=pgtrigger.compiler.Trigger(
                name="revoked",
                sql=config.database.triggers.SharedTriggerSql(
                    condition="WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)",
                    execute="record_key_activity()",
                    func="",
                    hash="5d9d4aacaa193e06d25413d72a1f47d6fa40fe68",
                    operation="UPDATE",
                    pgid="api_keys_revoked",
                    table="api_keys",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="activity",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="record_user_activity()",
                    func="",
                    hash="4b860ec08c300259c1d5939630f77613c6a3c370",
                    operation="UPDATE",
                    pgid="users_activity",
                    table="users",
                    when="AFTER",
                ),
            ),
        ),
    ]
