import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import config.database.fields
import config.database.finite
import config.database.triggers
from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0013_verified_point"),
    ]

    operations = [
        RunSQLFile("0014_retention_functions"),
        migrations.CreateModel(
            name="PartitionDeparture",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("txid", config.database.fields.TransactionField()),
                ("table_name", models.CharField(max_length=63)),
                ("partition_name", models.CharField(max_length=63)),
                ("period_from", models.DateTimeField()),
                ("period_until", models.DateTimeField(help_text="First time that is not in it.")),
                ("row_count", models.BigIntegerField()),
                ("content_hash", models.BinaryField(help_text="32 bytes over all rows, whatever their order.")),
                (
                    "file_name",
                    models.TextField(db_default="", help_text="Below ARCHIVE_DIR; empty if it was not exported."),
                ),
                ("file_bytes", models.BigIntegerField(null=True)),
                ("file_sha256", models.BinaryField(help_text="32 bytes.", null=True)),
            ],
            options={
                "db_table": "partition_departures",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["table_name", "period_from"], name="partition_departures_time_idx"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("period_until__gt", models.F("period_from"))),
                        name="partition_departures_period_check",
                        violation_error_message="A period ends after it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("row_count__gte", 0)),
                        name="partition_departures_row_count_not_negative_check",
                        violation_error_message="row_count is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("content_hash__octets", 32)),
                        name="partition_departures_content_hash_length_check",
                        violation_error_message="A hash has 32 bytes.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("file_bytes__isnull", True), ("file_name", ""), ("file_sha256__isnull", True)),
                            models.Q(
                                ("file_bytes__gt", 0),
                                ("file_bytes__isnull", False),
                                ("file_sha256__isnull", False),
                                models.Q(("file_name", ""), _negated=True),
                                ("file_sha256__octets", 32),
                            ),
                            _connector="OR",
                        ),
                        name="partition_departures_file_check",
                        violation_error_message="A file has a name, a size and a SHA-256.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("file_name", ""), _negated=True),
                        fields=("file_name",),
                        name="partition_departures_file_uniq",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("txid", config.database.fields.TransactionField()),
                ("table_name", models.CharField(db_default="", help_text="Empty: every table.", max_length=63)),
                ("held_from", models.DateTimeField()),
                (
                    "held_until",
                    models.DateTimeField(help_text="First time that is not held; empty: without end.", null=True),
                ),
                ("reason", models.TextField()),
                ("placed_by", models.CharField(max_length=150)),
                ("released_at", models.DateTimeField(null=True)),
                ("released_by", models.CharField(db_default="", max_length=150)),
                ("release_reason", models.TextField(db_default="")),
            ],
            options={
                "db_table": "legal_holds",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("held_until__isnull", True), ("held_until__gt", models.F("held_from")), _connector="OR"
                        ),
                        name="legal_holds_period_check",
                        violation_error_message="A period ends after it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True), models.Q(("placed_by", ""), _negated=True)
                        ),
                        name="legal_holds_reason_check",
                        violation_error_message="A hold has a reason and a person.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("release_reason", ""), ("released_at__isnull", True), ("released_by", "")),
                            models.Q(
                                ("released_at__isnull", False),
                                models.Q(("released_by", ""), _negated=True),
                                models.Q(("release_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="legal_holds_release_check",
                        violation_error_message="A release has a time, a person and a reason.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(config.database.finite.AreFinite("created_at", "held_from", "held_until", "released_at")),
                        name="legal_holds_finite_check",
                        violation_error_message="Numbers and times are finite.",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="legalhold",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="90fdc8ce1e362fc9630bd0c65422ec336c440452",
                    operation="DELETE",
                    pgid="legal_holds_append_only",
                    table="legal_holds",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="legalhold",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="92b96826c191f1ecaaa6c6d2b6f35a010095621f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="legal_holds_append_only_truncate",
                    table="legal_holds",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="legalhold",
            trigger=pgtrigger.compiler.Trigger(
                name="release",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="allow_release_only()",
                    func="",
                    hash="61928c8b4dbdfee17f22b029a46e72bbb0ee16c1",
                    operation="UPDATE",
                    pgid="legal_holds_release",
                    table="legal_holds",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="partitiondeparture",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="baf7de4eb315c8dd3965e507f73a1dae82532641",
                    operation="UPDATE OR DELETE",
                    pgid="partition_departures_append_only",
                    table="partition_departures",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="partitiondeparture",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="01fdc269ecdc0cd30cb0e1eb52dfd5c0d86fe33c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="partition_departures_append_only_truncate",
                    table="partition_departures",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="partitiondeparture",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_hold",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_held_departure()",
                    func="",
                    hash="b87552a28f3bc01f6dc3addcbc89c40ea21f3b6b",
                    operation="INSERT",
                    pgid="partition_departures_legal_hold",
                    table="partition_departures",
                    when="BEFORE",
                ),
            ),
        ),
        RunSQLFile("0014_retention_access"),
    ]
