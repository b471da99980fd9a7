from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("risk", "0002_risk_indexes")]

    operations = [RunSQLFile("0003_access")]
