from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0034_fill_bounds")]

    operations = [RunSQLFile("0035_fill_arithmetic")]
