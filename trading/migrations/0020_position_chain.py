from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import config.database.constraints


class Migration(migrations.Migration):
    """What the chain of a position holds to, and the rate of a trade."""

    dependencies = [("trading", "0014_order_access")]

    operations = [
        migrations.AddField(
            model_name="trade",
            name="conversion_rate",
            field=models.DecimalField(
                db_default=1,
                decimal_places=16,
                help_text="Account currency for one unit of quote currency, as the P&L was converted; 1 where none was.",
                max_digits=28,
            ),
        ),
        # Unvalidated, so that the tables are locked for a moment only; a later migration validates them.
        AddConstraintNotValid(
            model_name="trade",
            constraint=models.CheckConstraint(
                condition=models.Q(("conversion_rate__gt", 0)),
                name="trades_conversion_rate_positive_check",
                violation_error_message="conversion_rate is greater than zero.",
            ),
        ),
        AddConstraintNotValid(
            model_name="position",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_seq__gt", 0), ("quantity", 0), _connector="OR"),
                name="positions_quantity_has_events_check",
                violation_error_message="What is held was traded: its events say so.",
            ),
        ),
        AddConstraintNotValid(
            model_name="positionaudit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    config.database.constraints.Agree(
                        models.Q(("quantity_after", models.F("quantity_before"))), models.Q(("trade__isnull", True))
                    )
                ),
                name="position_audit_trade_by_quantity_check",
                violation_error_message="The quantity changes by a trade, and by nothing else.",
            ),
        ),
    ]
