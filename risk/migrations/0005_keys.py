from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("risk", "0004_instrument_class_key")]

    operations = [RunSQLFile("0005_keys")]
