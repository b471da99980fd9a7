from django.db import migrations, models

from config.database.operations import AddIndexesConcurrently


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of transactions.
    atomic = False

    dependencies = [("audit", "0014_retention")]

    operations = [
        AddIndexesConcurrently(
            "auditseal",
            indexes=[
                models.Index(
                    condition=models.Q(("kind", "rows"), _negated=True),
                    fields=["kind", "sealed_table", "id"],
                    name="audit_seals_statements_idx",
                )
            ],
        ),
    ]
