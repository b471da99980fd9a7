from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = []

    operations = [RunSQLFile("0001_extensions")]
