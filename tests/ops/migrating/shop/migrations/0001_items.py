from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("ops", "0001_migration_runs")]

    operations = [
        migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True)), ("price", models.IntegerField())]),
        migrations.CreateModel(
            "Sale",
            [
                ("id", models.BigAutoField(primary_key=True)),
                # Its constraint is deferred to the end of the migration.
                ("item", models.ForeignKey("shop.Item", models.PROTECT)),
            ],
        ),
        migrations.RunSQL(
            "INSERT INTO shop_item (price) SELECT 10 FROM generate_series(1, 20)", migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            "GRANT SELECT, INSERT, UPDATE ON shop_item TO trading_app", "REVOKE ALL ON shop_item FROM trading_app"
        ),
    ]
