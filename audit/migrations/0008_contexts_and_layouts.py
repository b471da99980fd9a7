import config.database.fields
import config.database.operations
import config.database.triggers
import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import psqlextra.backend.migrations.operations.create_partitioned_model
import psqlextra.models.partitioned
import psqlextra.types
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0007_audit_owner"),
    ]

    operations = [
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="AuditContext",
            fields=[
                ("txid", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="transaction")),
                ("created_at", config.database.fields.CreatedAtField()),
                ("number", models.SmallIntegerField(help_text="Counts the contexts of a transaction from 1.")),
                ("user_id", models.UUIDField(help_text="Who; empty where no person was involved.", null=True)),
                ("user_ip", models.GenericIPAddressField(null=True)),
                ("user_agent", models.TextField(db_default="")),
                (
                    "session_id",
                    models.CharField(db_default="", help_text="SHA-256 of the session's key.", max_length=128),
                ),
                ("request_id", models.CharField(db_default="", max_length=64)),
                ("service", models.CharField(db_default="", help_text="Program that made the change.", max_length=64)),
                ("reason", models.TextField(db_default="")),
                (
                    "db_user",
                    models.CharField(
                        help_text="Role that the session logged in as.", max_length=63, verbose_name="login"
                    ),
                ),
            ],
            options={
                "verbose_name": "context",
                "db_table": "audit_contexts",
                "base_manager_name": "objects",
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["created_at"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        migrations.CreateModel(
            name="AuditLayout",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("table_name", models.CharField(max_length=63)),
                ("layout", models.IntegerField(help_text="Computed from the columns' names and types.")),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), size=None),
                ),
            ],
            options={
                "db_table": "audit_layouts",
                "abstract": False,
            },
        ),
        config.database.operations.RunSQLFile("0008_log_key"),
        migrations.AddIndex(
            model_name="auditcontext",
            index=models.Index(
                models.F("user_id"),
                models.OrderBy(models.F("created_at"), descending=True),
                condition=models.Q(("user_id__isnull", False)),
                name="audit_contexts_user_idx",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditcontext",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="540cd822430a1932719ad11d2da6a78a85dbdf5e",
                    operation="UPDATE OR DELETE",
                    pgid="audit_contexts_append_only",
                    table="audit_contexts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditcontext",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="78faa7ac97bd4baa574c82a68047e036b66c134a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="audit_contexts_append_only_truncate",
                    table="audit_contexts",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="auditlog",
            name="context",
            field=models.ForeignObject(
                from_fields=["txid", "context_number"],
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="changes",
                to="audit.auditcontext",
                to_fields=["txid", "number"],
            ),
        ),
        migrations.AddConstraint(
            model_name="auditlayout",
            constraint=models.UniqueConstraint(fields=("table_name", "layout"), name="audit_layouts_layout_uniq"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditlayout",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="8d9130261b2bbc868ff7ae50a480b3c6aaeed721",
                    operation="UPDATE OR DELETE",
                    pgid="audit_layouts_append_only",
                    table="audit_layouts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditlayout",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="76e37eb790374b78abe012a8af1406d6e6878960",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="audit_layouts_append_only_truncate",
                    table="audit_layouts",
                    when="BEFORE",
                ),
            ),
        ),
    ]
