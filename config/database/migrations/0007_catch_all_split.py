from django.db import migrations

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    """Splitting a catch-all that holds rows while others write to it."""

    dependencies = [("database", "0005_django_tables")]

    operations = [RunSQLFile("0007_catch_all_split")]
