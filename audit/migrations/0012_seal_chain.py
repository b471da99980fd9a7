import config.database.fields
import config.database.triggers
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0011_transaction_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditSealChunk",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("txid", config.database.fields.TransactionField()),
                ("seal_id", models.BigIntegerField()),
                ("number", models.IntegerField(help_text="From 0, in the order of (transaction, key).")),
                ("row_count", models.IntegerField()),
                ("node", models.BinaryField(help_text="32 bytes.")),
                ("keys", models.BinaryField(help_text="The rows' keys: 8 bytes each, or 16 of a UUID.")),
                ("prefixes", models.BinaryField(help_text="First 8 bytes of each row's SHA-256.")),
            ],
            options={
                "db_table": "audit_seal_chunks",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("seal_id", "number"), name="audit_seal_chunks_seal_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("node__octets", 32)),
                        name="audit_seal_chunks_node_length_check",
                        violation_error_message="A SHA-256 has 32 bytes.",
                    ),
                ],
            },
        ),
        migrations.AlterField(
            model_name="auditlog",
            name="txid",
            field=config.database.fields.TransactionField(),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditsealchunk",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="ef3b5c8b014c295c8c30f669a21215283b449e82",
                    operation="UPDATE OR DELETE",
                    pgid="audit_seal_chunks_append_only",
                    table="audit_seal_chunks",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditsealchunk",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="0eca79f5e0d3faa146275baf9610a4aa9edb0dc8",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="audit_seal_chunks_append_only_truncate",
                    table="audit_seal_chunks",
                    when="BEFORE",
                ),
            ),
        ),
        RunSQLFile(
            "0012_seal_chain",
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="auditseal",
                    name="audit_seals_successor_uniq",
                ),
                migrations.RemoveConstraint(
                    model_name="auditseal",
                    name="audit_seals_transactions_excl",
                ),
                migrations.RemoveConstraint(
                    model_name="auditseal",
                    name="audit_seals_period_check",
                ),
                migrations.AddField(
                    model_name="auditseal",
                    name="details",
                    field=models.TextField(db_default="", help_text="JSON; its exact text is sealed."),
                ),
                migrations.AddField(
                    model_name="auditseal",
                    name="kind",
                    field=models.CharField(
                        choices=[
                            ("start", "The chain begins"),
                            ("layout", "Columns that a table's seals cover from here on"),
                            ("rows", "Rows"),
                            ("code", "Functions and triggers"),
                            ("tombstone", "A partition was dropped"),
                            ("restored", "The database was restored into another cluster"),
                        ],
                        default="",
                        max_length=10,
                    ),
                    preserve_default=False,
                ),
                migrations.AddField(
                    model_name="auditseal",
                    name="period",
                    field=models.CharField(
                        db_default="",
                        help_text="First day (UTC) of a partition's period; empty for other tables.",
                        max_length=10,
                    ),
                ),
                migrations.AddField(
                    model_name="auditseal",
                    name="txid",
                    field=config.database.fields.TransactionField(),
                ),
                migrations.AlterField(
                    model_name="auditseal",
                    name="hi",
                    field=models.BigIntegerField(
                        help_text="First transaction that is not sealed.", null=True, verbose_name="end"
                    ),
                ),
                migrations.AlterField(
                    model_name="auditseal",
                    name="lo",
                    field=models.BigIntegerField(null=True, verbose_name="first transaction"),
                ),
                migrations.AlterField(
                    model_name="auditseal",
                    name="previous_hash",
                    field=models.BinaryField(help_text="Hash of the seal before; empty in the first seal.", null=True),
                ),
                migrations.AlterField(
                    model_name="auditseal",
                    name="root",
                    field=models.BinaryField(help_text="Of the Merkle tree over the rows' hashes; 32 bytes."),
                ),
                migrations.AlterField(
                    model_name="auditseal",
                    name="row_count",
                    field=models.BigIntegerField(db_default=0),
                ),
                migrations.AlterField(
                    model_name="auditseal",
                    name="sealed_table",
                    field=models.CharField(db_default="", help_text="Empty where it concerns no table.", max_length=63),
                ),
                migrations.AddConstraint(
                    model_name="auditseal",
                    constraint=models.UniqueConstraint(
                        fields=("previous_hash",), name="audit_seals_successor_uniq", nulls_distinct=False
                    ),
                ),
                migrations.AddConstraint(
                    model_name="auditseal",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("kind", "rows")),
                        expressions=[
                            ("sealed_table", "="),
                            ("period", "="),
                            (
                                models.Func(
                                    models.F("lo"),
                                    models.F("hi"),
                                    function="int8range",
                                    output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="audit_seals_transactions_excl",
                        violation_error_message="These transactions are sealed already.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="auditseal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("kind__in", ["start", "layout", "rows", "code", "tombstone", "restored"])),
                        name="audit_seals_kind_check",
                        violation_error_message="kind is one of: start, layout, rows, code, tombstone, restored.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="auditseal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("hi__gt", models.F("lo")),
                                ("kind", "rows"),
                                ("lo__isnull", False),
                                models.Q(("sealed_table", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("kind", "rows"), _negated=True), ("hi__isnull", True), ("lo__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="audit_seals_period_check",
                        violation_error_message="A seal of rows, and no other, covers at least one transaction of a table.",
                    ),
                ),
            ],
        ),
    ]
