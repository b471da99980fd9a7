import config.database.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations
from config.database.operations import RunSQLFile


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0018_times_of_writing'),
    ]

    operations = [
        RunSQLFile("0019_rights"),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='rights', sql=config.database.triggers.SharedTriggerSql(condition="WHEN ((NEW.is_staff OR NEW.is_superuser) AND CURRENT_USER <> 'trading_owner')", execute='check_user_rights()', func='', hash='10d3cba49ab82f8374414b9dd3e5dd723e4b027a', operation='INSERT OR UPDATE OF "is_staff", "is_superuser"', pgid='users_rights', table='users', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userrole',
            trigger=pgtrigger.compiler.Trigger(name='grant', sql=config.database.triggers.SharedTriggerSql(condition="WHEN (CURRENT_USER <> 'trading_owner')", execute='check_role_grant()', func='', hash='86cbfa8cc98df6e74e821a32ab8de141a9ea1f51', operation='INSERT OR UPDATE', pgid='user_roles_grant', table='user_roles', when='BEFORE')),
        ),
    ]
