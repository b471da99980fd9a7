from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("database", "0002_roles")]

    operations = [RunSQLFile("0003_functions")]
