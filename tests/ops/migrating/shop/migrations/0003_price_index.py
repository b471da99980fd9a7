from django.db import migrations, models

from config.database.operations import AddIndexesConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("shop", "0002_prices")]

    operations = [
        AddIndexesConcurrently(
            "item",
            [
                models.Index(fields=["price"], name="shop_item_price_idx"),
                models.Index(fields=["-price"], name="shop_item_dearest_idx"),
            ],
        )
    ]
