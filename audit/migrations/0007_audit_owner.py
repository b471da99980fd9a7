from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_validate_event_types")]

    operations = [RunSQLFile("0007_audit_owner")]
