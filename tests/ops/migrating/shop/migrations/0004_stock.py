from django.db import migrations, models


class Migration(migrations.Migration):
    """A strong lock on a table that others write."""

    dependencies = [("shop", "0003_price_index")]

    operations = [migrations.AddField("item", "stock", models.IntegerField(db_default=0))]
