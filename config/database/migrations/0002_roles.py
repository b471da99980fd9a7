from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("database", "0001_extensions")]

    operations = [RunSQLFile("0002_roles")]
