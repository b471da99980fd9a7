from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("trading", "0008_order_chain")]

    operations = [RunSQLFile("0009_order_changes_of_other_kinds")]
