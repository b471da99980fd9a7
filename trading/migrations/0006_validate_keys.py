from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding a key does not."""

    dependencies = [("trading", "0005_keys")]

    operations = [
        ValidateConstraint("order", "orders_account_user_fk"),
        ValidateConstraint("position", "positions_account_user_fk"),
        ValidateConstraint("position", "positions_account_oms_type_fk"),
        ValidateConstraint("trade", "trades_account_user_fk"),
        ValidateConstraint("trade", "trades_position_fk"),
        ValidateConstraint("trade", "trades_fill_order_fk"),
    ]
