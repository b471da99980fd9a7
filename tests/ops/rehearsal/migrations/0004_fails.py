from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sessions", "0003_alone")]
    operations = [migrations.RunSQL("ALTER TABLE rehearsed ADD CONSTRAINT none_check CHECK (amount < 0)")]
