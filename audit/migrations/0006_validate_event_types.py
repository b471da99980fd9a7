from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding a rule does not."""

    dependencies = [("audit", "0005_books_verified")]

    operations = [ValidateConstraint("systemevent", "system_events_event_type_check")]
