import config.database.fields
import config.database.finite
import config.database.triggers
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    initial = True

    # Nothing but what its triggers and grants need: `migrate` applies this one first, to record all others.
    dependencies = [("database", "0003_functions")]

    operations = [
        migrations.CreateModel(
            name="MigrationRun",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "direction",
                    models.CharField(choices=[("forwards", "Forwards"), ("backwards", "Backwards")], max_length=9),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("interrupted", "Interrupted"),
                        ],
                        db_default="running",
                        max_length=11,
                    ),
                ),
                ("error", models.TextField(db_default="", help_text="First line of what went wrong.")),
                (
                    "code_revision",
                    models.CharField(db_default="", help_text="Commit of the code that ran.", max_length=64),
                ),
                ("host", models.CharField(max_length=255)),
                (
                    "waited_ms",
                    models.IntegerField(
                        help_text="Milliseconds that another deployer had to be waited for.", verbose_name="waited"
                    ),
                ),
            ],
            options={
                "db_table": "migration_runs",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("direction__in", ["forwards", "backwards"])),
                        name="migration_runs_direction_check",
                        violation_error_message="direction is one of: forwards, backwards.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("result__in", ["running", "done", "failed", "interrupted"])),
                        name="migration_runs_result_check",
                        violation_error_message="result is one of: running, done, failed, interrupted.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("waited_ms__gte", 0)),
                        name="migration_runs_waited_ms_not_negative_check",
                        violation_error_message="waited_ms is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("result", "running")),
                            models.Q(
                                models.Q(("result", "running"), _negated=True),
                                ("finished_at__gte", models.F("started_at")),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="migration_runs_finished_check",
                        violation_error_message="A run that ended says when, one that runs does not.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MigrationStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("app", models.CharField(max_length=255)),
                ("name", models.CharField(max_length=255)),
                (
                    "direction",
                    models.CharField(choices=[("forwards", "Forwards"), ("backwards", "Backwards")], max_length=9),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("applied", "Applied"),
                            ("unapplied", "Unapplied"),
                            ("faked", "Recorded without running it"),
                            ("accepted", "Source accepted as it is now"),
                            ("failed", "Failed"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "duration_ms",
                    models.IntegerField(
                        help_text="Milliseconds of the attempt that counts, to its commit.", verbose_name="duration"
                    ),
                ),
                ("attempts", models.IntegerField(help_text="How often it, or a statement of it, was begun.")),
                (
                    "lock_wait_ms",
                    models.IntegerField(
                        help_text="Milliseconds lost to locks that others held: attempts given up, and the pauses after.",
                        verbose_name="lock wait",
                    ),
                ),
                (
                    "source_sha256",
                    models.BinaryField(help_text="SHA-256 of its file and of the SQL files that it runs.", null=True),
                ),
                (
                    "sql_sha256",
                    models.BinaryField(help_text="SHA-256 of the statements that it ran, in order.", null=True),
                ),
                ("error", models.TextField(db_default="", help_text="First line of what went wrong.")),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="ops.migrationrun",
                    ),
                ),
            ],
            options={
                "db_table": "migration_steps",
                "abstract": False,
                "indexes": [
                    models.Index(
                        models.F("app"),
                        models.F("name"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="migration_steps_last_idx",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("direction__in", ["forwards", "backwards"])),
                        name="migration_steps_direction_check",
                        violation_error_message="direction is one of: forwards, backwards.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("result__in", ["applied", "unapplied", "faked", "accepted", "failed"])),
                        name="migration_steps_result_check",
                        violation_error_message="result is one of: applied, unapplied, faked, accepted, failed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duration_ms__gte", 0)),
                        name="migration_steps_duration_ms_not_negative_check",
                        violation_error_message="duration_ms is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lock_wait_ms__gte", 0)),
                        name="migration_steps_lock_wait_ms_not_negative_check",
                        violation_error_message="lock_wait_ms is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("attempts__gt", 0)),
                        name="migration_steps_attempts_positive_check",
                        violation_error_message="attempts is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source_sha256__isnull", True), ("source_sha256__octets", 32), _connector="OR"
                        ),
                        name="migration_steps_source_length_check",
                        violation_error_message="A SHA-256 has 32 bytes.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sql_sha256__isnull", True), ("sql_sha256__octets", 32), _connector="OR"),
                        name="migration_steps_sql_length_check",
                        violation_error_message="A SHA-256 has 32 bytes.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(models.Q(("result", "failed")), models.Q(("error", ""), _negated=True)),
                            models.Q(models.Q(("result", "failed"), _negated=True), ("error", "")),
                            _connector="OR",
                        ),
                        name="migration_steps_error_check",
                        violation_error_message="What failed says why, and nothing else does.",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="migrationrun",
            constraint=models.CheckConstraint(
                condition=models.Q(config.database.finite.AreFinite("started_at", "finished_at")),
                name="migration_runs_finite_check",
                violation_error_message="Numbers and times are finite.",
            ),
        ),
        migrations.AddConstraint(
            model_name="migrationstep",
            constraint=models.CheckConstraint(
                condition=models.Q(config.database.finite.AreFinite("created_at")),
                name="migration_steps_finite_check",
                violation_error_message="Numbers and times are finite.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="migrationstep",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="2112c35b047c692bae46603ee7d92307eaa35f70",
                    operation="UPDATE OR DELETE",
                    pgid="migration_steps_append_only",
                    table="migration_steps",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="migrationstep",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="6fb1ce07b4d48be570e09ea1abe4ad1ff0bcb5ee",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="migration_steps_append_only_truncate",
                    table="migration_steps",
                    when="BEFORE",
                ),
            ),
        ),
        RunSQLFile("0001_access"),
    ]
