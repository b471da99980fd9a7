from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding does not."""

    dependencies = [("trading", "0029_finite")]

    operations = [
        ValidateConstraint("corporateaction", "corporate_actions_finite_check"),
        ValidateConstraint("feeschedule", "fee_schedules_finite_check"),
        ValidateConstraint("instrument", "instruments_finite_check"),
        ValidateConstraint("instrumentmark", "instrument_marks_finite_check"),
        ValidateConstraint("instrumentsession", "instrument_sessions_finite_check"),
        ValidateConstraint("order", "orders_finite_check"),
        ValidateConstraint("orderaudit", "order_audit_finite_check"),
        ValidateConstraint("orderchangerequest", "order_change_requests_finite_check"),
        ValidateConstraint("orderfill", "order_fills_finite_check"),
        ValidateConstraint("orderstatustransition", "order_status_transitions_finite_check"),
        ValidateConstraint("position", "positions_finite_check"),
        ValidateConstraint("positionaudit", "position_audit_finite_check"),
        ValidateConstraint("trade", "trades_finite_check"),
    ]
