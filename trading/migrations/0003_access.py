from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0002_indexes")]

    operations = [RunSQLFile("0003_access")]
