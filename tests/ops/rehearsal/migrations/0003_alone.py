from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sessions", "0002_rewrite")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY rehearsed_amount_idx ON rehearsed (amount)",
            "DROP INDEX CONCURRENTLY rehearsed_amount_idx",
        ),
        migrations.RunSQL("ALTER TABLE rehearsed ADD COLUMN note text", "ALTER TABLE rehearsed DROP COLUMN note"),
        migrations.RunSQL("UPDATE rehearsed SET note = '' WHERE id <= 10", migrations.RunSQL.noop),
    ]
