import config.database.fields
import config.database.triggers
import django.contrib.postgres.indexes
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
import psqlextra.backend.migrations.operations.create_partitioned_model
import psqlextra.models.partitioned
import psqlextra.types
from django.db import migrations, models

from config.database.operations import CreatePartitions, RunSQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0015_seal_statements"),
    ]

    operations = [
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="AuditRowHashes",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("txid", config.database.fields.TransactionField()),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "hi",
                    models.BigIntegerField(
                        help_text="First transaction whose changes are not in the hashes.", verbose_name="end"
                    ),
                ),
                ("layout", models.IntegerField(help_text="Which columns the hashes cover: a row of audit_layouts.")),
                ("table_name", models.CharField(max_length=63)),
                ("keys", models.BinaryField(help_text="The rows' ids, 16 bytes each.")),
                ("hashes", models.BinaryField(help_text="The SHA-256 of each, 32 bytes.")),
            ],
            options={
                "verbose_name_plural": "row hashes",
                "db_table": "audit_row_hashes",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["created_at", "txid"], name="audit_row_hashes_time_brin_idx"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "hashes__octets",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("keys__octets"), "*", models.Value(2)
                                ),
                            ),
                            ("keys__octets__gt", 0),
                        ),
                        name="audit_row_hashes_length_check",
                        violation_error_message="Each key of 16 bytes has a hash of 32.",
                    )
                ],
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["created_at"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditrowhashes",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="3a234d6a3bfb71eadd2d63e47fe56a9aa97b1bba",
                    operation="UPDATE OR DELETE",
                    pgid="audit_row_hashes_append_only",
                    table="audit_row_hashes",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditrowhashes",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="8efac554b1d8a8756b009fe6f2207007767a5e33",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="audit_row_hashes_append_only_truncate",
                    table="audit_row_hashes",
                    when="BEFORE",
                ),
            ),
        ),
        RunSQLFile("0016_row_hashes"),
        CreatePartitions("audit_row_hashes", "month", 3),
    ]
