from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_storage")]

    operations = [RunSQLFile("0005_keys")]
