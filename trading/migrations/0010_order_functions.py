from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0009_order_changes_of_other_kinds")]

    operations = [RunSQLFile("0010_order_functions")]
