from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding a key does not."""

    dependencies = [("trading", "0023_position_keys")]

    operations = [
        ValidateConstraint("trade", "trades_conversion_rate_positive_check"),
        ValidateConstraint("position", "positions_quantity_has_events_check"),
        ValidateConstraint("positionaudit", "position_audit_trade_by_quantity_check"),
        ValidateConstraint("positionaudit", "position_audit_chain_fk"),
        ValidateConstraint("position", "positions_head_fk"),
    ]
