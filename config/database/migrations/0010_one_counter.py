from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("database", "0009_times")]

    operations = [RunSQLFile("0010_one_counter")]
