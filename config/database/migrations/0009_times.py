from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("database", "0008_transaction_number")]

    operations = [RunSQLFile("0009_times")]
