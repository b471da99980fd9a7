from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sessions", "0001_initial")]

    operations = [migrations.RunSQL("CREATE TABLE of_newer_code (id int)", "DROP TABLE of_newer_code")]
