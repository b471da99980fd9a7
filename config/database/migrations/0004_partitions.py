from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("database", "0003_functions")]

    operations = [RunSQLFile("0004_partitions")]
