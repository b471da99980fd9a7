from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_audit_indexes")]

    operations = [RunSQLFile("0003_access")]
