from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("database", "0007_catch_all_split")]

    operations = [RunSQLFile("0008_transaction_number")]
