from django.db import migrations


class Migration(migrations.Migration):
    """A change of data: applied twice, it is seen."""

    dependencies = [("shop", "0001_items")]

    operations = [
        migrations.RunSQL("UPDATE shop_item SET price = price + 1", "UPDATE shop_item SET price = price - 1"),
        migrations.RunSQL("INSERT INTO shop_sale (item_id) SELECT id FROM shop_item", "DELETE FROM shop_sale"),
    ]
