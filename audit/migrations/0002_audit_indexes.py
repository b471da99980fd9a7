import django.contrib.postgres.indexes
from django.db import migrations, models

import config.database.operations


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside a transaction.
    atomic = False

    dependencies = [
        ("audit", "0001_audit_schema"),
    ]

    operations = [
        config.database.operations.AddIndexesConcurrently(
            model_name="auditseal",
            indexes=[
                models.Index(
                    models.F("sealed_table"),
                    models.OrderBy(models.F("hi"), descending=True),
                    name="audit_seals_newest_idx",
                )
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="complianceevent",
            indexes=[
                models.Index(
                    models.F("user_id"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    condition=models.Q(("user_id__isnull", False)),
                    name="compliance_events_user_idx",
                ),
                models.Index(
                    condition=models.Q(("status__in", ["open", "under_review", "escalated"])),
                    fields=["event_type", "created_at"],
                    name="compliance_events_queue_idx",
                ),
                django.contrib.postgres.indexes.GinIndex(
                    fields=["details"], name="compliance_events_details_idx", opclasses=["jsonb_path_ops"]
                ),
                django.contrib.postgres.indexes.BrinIndex(
                    autosummarize=True, fields=["created_at"], name="compliance_events_time_idx"
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="riskevent",
            indexes=[
                models.Index(
                    models.F("account_id"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    condition=models.Q(("account_id__isnull", False)),
                    name="risk_events_account_idx",
                ),
                models.Index(
                    models.F("event_type"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    name="risk_events_type_idx",
                ),
                django.contrib.postgres.indexes.BrinIndex(
                    autosummarize=True, fields=["created_at"], name="risk_events_time_brin_idx"
                ),
            ],
        ),
    ]
