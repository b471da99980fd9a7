from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding a key does not."""

    dependencies = [("trading", "0012_order_keys")]

    operations = [
        ValidateConstraint("orderaudit", "order_audit_transition_fk"),
        ValidateConstraint("orderaudit", "order_audit_chain_fk"),
        ValidateConstraint("order", "orders_head_fk"),
        ValidateConstraint("orderchangerequest", "order_change_requests_event_fk"),
    ]
