from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("risk", "0005_keys")]

    operations = [RunSQLFile("0006_keys_validated")]
