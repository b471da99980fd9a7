from django.db import migrations

FORWARDS = """
-- A wider type; this rewrites the table.
ALTER TABLE rehearsed ALTER COLUMN amount TYPE numeric(30, 10);
COMMENT ON TABLE rehearsed IS 'wide; it''s been';
DO $body$ BEGIN PERFORM 1; END $body$;
"""


class Migration(migrations.Migration):
    dependencies = [("sessions", "0001_initial")]
    operations = [
        migrations.RunSQL(FORWARDS, "ALTER TABLE rehearsed ALTER COLUMN amount TYPE numeric(24, 8)"),
    ]
