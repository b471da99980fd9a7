from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """What a journal means, and who booked cash."""

    dependencies = [("accounts", "0006_validate_keys")]

    operations = [
        migrations.AddField(
            model_name="journal",
            name="content_hash",
            field=models.BinaryField(
                help_text="SHA-256 of kind and legs: the same key posted again must mean the same.", null=True
            ),
        ),
        # Unvalidated, so that the table is locked for a moment only; a later migration validates it.
        AddConstraintNotValid(
            model_name="cashrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["processing", "completed"]), _negated=True),
                    ("approved_by__isnull", False),
                    _connector="OR",
                ),
                name="cash_requests_approved_before_booked_check",
                violation_error_message="What is processed or completed was approved.",
            ),
        ),
    ]
