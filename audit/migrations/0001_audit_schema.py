from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
import pgtrigger.compiler
import pgtrigger.migrations
import psqlextra.backend.migrations.operations.create_partitioned_model
import psqlextra.models.partitioned
import psqlextra.types
from django.db import migrations, models

import config.database.fields
import config.database.finite
import config.database.triggers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("database", "0004_partitions"),
    ]

    operations = [
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="ApiAccessLog",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("user_id", models.UUIDField(null=True)),
                ("api_key_id", models.UUIDField(null=True)),
                ("endpoint", models.CharField(help_text="Path without the query string.", max_length=500)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("GET", "Get"),
                            ("HEAD", "Head"),
                            ("POST", "Post"),
                            ("PUT", "Put"),
                            ("PATCH", "Patch"),
                            ("DELETE", "Delete"),
                            ("OPTIONS", "Options"),
                        ],
                        max_length=8,
                    ),
                ),
                ("status_code", models.SmallIntegerField()),
                ("response_time_ms", models.IntegerField(help_text="Milliseconds.", verbose_name="response time")),
                ("ip_address", models.GenericIPAddressField(null=True)),
                ("user_agent", models.TextField(db_default="")),
                ("request_id", models.CharField(db_default="", max_length=64)),
                ("error", models.TextField(db_default="")),
            ],
            options={
                "verbose_name": "API call",
                "db_table": "api_access_log",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        models.F("user_id"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        condition=models.Q(("user_id__isnull", False)),
                        name="api_access_user_idx",
                    ),
                    models.Index(
                        models.F("api_key_id"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        condition=models.Q(("api_key_id__isnull", False)),
                        name="api_access_key_idx",
                    ),
                    models.Index(
                        models.OrderBy(models.F("created_at"), descending=True),
                        condition=models.Q(("status_code__gte", 500)),
                        name="api_access_errors_idx",
                    ),
                    django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="api_access_time_brin_idx"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("method__in", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
                        ),
                        name="api_access_log_method_check",
                        violation_error_message="method is one of: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status_code__gte", Decimal("100")), ("status_code__lte", Decimal("599"))),
                        name="api_access_log_status_code_range_check",
                        violation_error_message="status_code lies between 100 and 599.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("response_time_ms__gte", 0)),
                        name="api_access_log_response_time_ms_not_negative_check",
                        violation_error_message="response_time_ms is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("endpoint__contains", "?"), _negated=True),
                        name="api_access_log_endpoint_without_query_check",
                        violation_error_message="A query string may hold secrets.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(config.database.finite.AreFinite("created_at")),
                        name="api_access_log_finite_check",
                        violation_error_message="Numbers and times are finite.",
                    ),
                ],
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["created_at"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="AuditLog",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField(help_text="Time of the statement.")),
                (
                    "txid",
                    models.BigIntegerField(
                        db_default=django.db.models.functions.comparison.Cast(
                            django.db.models.functions.comparison.Cast(
                                models.Func(function="pg_current_xact_id", output_field=models.TextField()),
                                models.TextField(),
                            ),
                            models.BigIntegerField(),
                        ),
                        help_text="Transaction that changed the row (64 bits, never used again).",
                        verbose_name="transaction",
                    ),
                ),
                (
                    "context_number",
                    models.SmallIntegerField(db_default=1, help_text="Counts the contexts of the transaction."),
                ),
                ("record_id", models.UUIDField()),
                ("table_name", models.CharField(max_length=63)),
                (
                    "action",
                    models.CharField(
                        choices=[("INSERT", "Insert"), ("UPDATE", "Update"), ("DELETE", "Delete")], max_length=6
                    ),
                ),
                ("changes", config.database.fields.WrittenJSONField(help_text="Changed columns, old and new.")),
            ],
            options={
                "verbose_name": "change",
                "db_table": "audit_log",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["created_at"], name="audit_log_created_at_brin_idx"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["INSERT", "UPDATE", "DELETE"])),
                        name="audit_log_action_check",
                        violation_error_message="action is one of: INSERT, UPDATE, DELETE.",
                    ),
                ],
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["created_at"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("sealed_table", models.CharField(max_length=63)),
                ("lo", models.BigIntegerField(verbose_name="first transaction")),
                ("hi", models.BigIntegerField(help_text="First transaction that is not sealed.", verbose_name="end")),
                ("row_count", models.BigIntegerField()),
                ("root", models.BinaryField(help_text="32 bytes.")),
                (
                    "previous_hash",
                    models.BinaryField(help_text="Hash of the seal before; empty in a table's first seal.", null=True),
                ),
                ("hash", models.BinaryField(help_text="32 bytes.")),
                ("sealed_at", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                "db_table": "audit_seals",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("hash",), name="audit_seals_hash_uniq"),
                    models.UniqueConstraint(
                        fields=("sealed_table", "previous_hash"),
                        name="audit_seals_successor_uniq",
                        nulls_distinct=False,
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("sealed_table", "="),
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
                    models.CheckConstraint(
                        condition=models.Q(("hi__gt", models.F("lo"))),
                        name="audit_seals_period_check",
                        violation_error_message="A seal covers at least one transaction.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("row_count__gte", 0)),
                        name="audit_seals_row_count_not_negative_check",
                        violation_error_message="row_count is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("root__octets", 32)),
                        name="audit_seals_root_length_check",
                        violation_error_message="A SHA-256 has 32 bytes.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hash__octets", 32)),
                        name="audit_seals_hash_length_check",
                        violation_error_message="A SHA-256 has 32 bytes.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("previous_hash__isnull", True), ("previous_hash__octets", 32), _connector="OR"
                        ),
                        name="audit_seals_previous_hash_length_check",
                        violation_error_message="A SHA-256 has 32 bytes.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="4fd2b23b6d6c85d165dc363e3be425eee542b996",
                            operation="UPDATE OR DELETE",
                            pgid="audit_seals_append_only",
                            table="audit_seals",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="20b074b6fa2e4862552dc6f22ef7e295cbcc245f",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="audit_seals_append_only_truncate",
                            table="audit_seals",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ComplianceEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("kyc_check", "KYC check"),
                            ("aml_check", "AML check"),
                            ("sanctions_check", "Sanctions check"),
                            ("pep_check", "PEP check"),
                            ("transaction_monitoring", "Transaction monitoring"),
                            ("best_execution_review", "Best-execution review"),
                            ("regulatory_report", "Regulatory report"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("under_review", "Under review"),
                            ("escalated", "Escalated"),
                            ("cleared", "Cleared"),
                            ("confirmed", "Confirmed"),
                            ("reported", "Reported to the authority"),
                        ],
                        db_default="open",
                        max_length=16,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("info", "Info"),
                            ("warning", "Warning"),
                            ("error", "Error"),
                            ("critical", "Critical"),
                        ],
                        db_default="info",
                        max_length=10,
                    ),
                ),
                ("user_id", models.UUIDField(help_text="The client in question.", null=True)),
                ("account_id", models.UUIDField(null=True)),
                ("order_id", models.UUIDField(null=True)),
                ("description", models.TextField(db_default="")),
                ("details", config.database.fields.MetadataField()),
                (
                    "follows",
                    models.ForeignKey(
                        db_index=False,
                        help_text="The step before.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="successors",
                        to="audit.complianceevent",
                    ),
                ),
                ("reviewed_by", models.UUIDField(help_text="The reviewer; empty in a case's first row.", null=True)),
                ("review_notes", models.TextField(db_default="")),
            ],
            options={
                "db_table": "compliance_events",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("follows__isnull", False)),
                        fields=("follows",),
                        name="compliance_events_follows_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "kyc_check",
                                    "aml_check",
                                    "sanctions_check",
                                    "pep_check",
                                    "transaction_monitoring",
                                    "best_execution_review",
                                    "regulatory_report",
                                ],
                            )
                        ),
                        name="compliance_events_event_type_check",
                        violation_error_message="event_type is one of: kyc_check, aml_check, sanctions_check, pep_check, transaction_monitoring, best_execution_review, regulatory_report.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["open", "under_review", "escalated", "cleared", "confirmed", "reported"])
                        ),
                        name="compliance_events_status_check",
                        violation_error_message="status is one of: open, under_review, escalated, cleared, confirmed, reported.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["info", "warning", "error", "critical"])),
                        name="compliance_events_severity_check",
                        violation_error_message="severity is one of: info, warning, error, critical.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("follows__isnull", True), ("review_notes", ""), ("reviewed_by__isnull", True)),
                            models.Q(
                                ("follows__isnull", False),
                                ("reviewed_by__isnull", False),
                                models.Q(("review_notes", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="compliance_events_review_check",
                        violation_error_message="A step of a review, and nothing else, names its reviewer and his grounds.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("follows__isnull", True), ("follows__lt", models.F("id")), _connector="OR"),
                        name="compliance_events_follows_earlier_check",
                        violation_error_message="A step follows an earlier one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(config.database.finite.AreFinite("created_at")),
                        name="compliance_events_finite_check",
                        violation_error_message="Numbers and times are finite.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="e8b2e0f49017933fe4cbd931be3aa8f43e6ce21c",
                            operation="UPDATE OR DELETE",
                            pgid="compliance_events_append_only",
                            table="compliance_events",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="cfdb46c22b61a95c60a854a4b68ce4bbab6ba253",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="compliance_events_append_only_truncate",
                            table="compliance_events",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("margin_call", "Margin call"),
                            ("stop_out", "Stop-out"),
                            ("liquidation", "Liquidation"),
                            ("limit_breach", "Limit breach"),
                            ("exposure_breach", "Exposure breach"),
                            ("circuit_breaker_triggered", "Circuit breaker triggered"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("info", "Info"),
                            ("warning", "Warning"),
                            ("error", "Error"),
                            ("critical", "Critical"),
                        ],
                        db_default="warning",
                        max_length=10,
                    ),
                ),
                ("user_id", models.UUIDField(null=True)),
                ("account_id", models.UUIDField(null=True)),
                ("position_id", models.UUIDField(null=True)),
                ("instrument_id", models.UUIDField(null=True)),
                ("measured", config.database.fields.AmountField(help_text="In the unit of the threshold.", null=True)),
                (
                    "threshold",
                    config.database.fields.AmountField(
                        help_text="Percent for a margin call or stop-out, else the limit's own unit.", null=True
                    ),
                ),
                ("description", models.TextField(db_default="")),
                (
                    "action_taken",
                    models.TextField(db_default="", help_text="What the system or the desk did about it."),
                ),
                ("details", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "risk_events",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "margin_call",
                                    "stop_out",
                                    "liquidation",
                                    "limit_breach",
                                    "exposure_breach",
                                    "circuit_breaker_triggered",
                                ],
                            )
                        ),
                        name="risk_events_event_type_check",
                        violation_error_message="event_type is one of: margin_call, stop_out, liquidation, limit_breach, exposure_breach, circuit_breaker_triggered.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["info", "warning", "error", "critical"])),
                        name="risk_events_severity_check",
                        violation_error_message="severity is one of: info, warning, error, critical.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(config.database.finite.AreFinite("created_at", "measured", "threshold")),
                        name="risk_events_finite_check",
                        violation_error_message="Numbers and times are finite.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="b28dfc60f2207242a6773f9870e0c37ed71f36c1",
                            operation="UPDATE OR DELETE",
                            pgid="risk_events_append_only",
                            table="risk_events",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="33a22fd03d421593880672833840a6f2f13fee64",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="risk_events_append_only_truncate",
                            table="risk_events",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="SystemEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("server_start", "Server start"),
                            ("server_stop", "Server stop"),
                            ("error", "Error"),
                            ("lp_connection_lost", "Provider connection lost"),
                            ("lp_connection_restored", "Provider connection restored"),
                            ("backup_completed", "Backup completed"),
                            ("backup_failed", "Backup failed"),
                            ("restore_completed", "Restore completed"),
                            ("migration_completed", "Migration completed"),
                            ("data_imported", "Data imported"),
                            ("config_changed", "Configuration changed"),
                            ("security_alert", "Security alert"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("info", "Info"),
                            ("warning", "Warning"),
                            ("error", "Error"),
                            ("critical", "Critical"),
                        ],
                        db_default="info",
                        max_length=10,
                    ),
                ),
                ("message", models.TextField()),
                ("details", config.database.fields.MetadataField()),
                (
                    "service",
                    models.CharField(db_default="", help_text="Command or service that wrote it.", max_length=64),
                ),
                ("host", models.CharField(db_default="", max_length=255)),
            ],
            options={
                "db_table": "system_events",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        models.F("event_type"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        name="system_events_type_idx",
                    ),
                    models.Index(
                        models.OrderBy(models.F("created_at"), descending=True),
                        condition=models.Q(("severity__in", ["error", "critical"])),
                        name="system_events_alarm_idx",
                    ),
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["created_at"], name="system_events_time_brin_idx"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "server_start",
                                    "server_stop",
                                    "error",
                                    "lp_connection_lost",
                                    "lp_connection_restored",
                                    "backup_completed",
                                    "backup_failed",
                                    "restore_completed",
                                    "migration_completed",
                                    "data_imported",
                                    "config_changed",
                                    "security_alert",
                                ],
                            )
                        ),
                        name="system_events_event_type_check",
                        violation_error_message="event_type is one of: server_start, server_stop, error, lp_connection_lost, lp_connection_restored, backup_completed, backup_failed, restore_completed, migration_completed, data_imported, config_changed, security_alert.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["info", "warning", "error", "critical"])),
                        name="system_events_severity_check",
                        violation_error_message="severity is one of: info, warning, error, critical.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("message", ""), _negated=True),
                        name="system_events_message_check",
                        violation_error_message="An event says what happened.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(config.database.finite.AreFinite("created_at")),
                        name="system_events_finite_check",
                        violation_error_message="Numbers and times are finite.",
                    ),
                ],
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["created_at"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="UserActivityLog",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("user_id", models.UUIDField(help_text="Empty where a failed log-in named nobody.", null=True)),
                (
                    "activity_type",
                    models.CharField(
                        choices=[
                            ("login", "Log-in"),
                            ("logout", "Log-out"),
                            ("login_failed", "Log-in failed"),
                            ("password_change", "Password changed"),
                            ("password_reset", "Password reset"),
                            ("email_change", "E-mail changed"),
                            ("2fa_enabled", "Two-factor log-in enabled"),
                            ("2fa_disabled", "Two-factor log-in disabled"),
                            ("kyc_submitted", "KYC documents submitted"),
                            ("profile_update", "Profile updated"),
                            ("settings_change", "Settings changed"),
                            ("api_key_created", "API key created"),
                            ("api_key_revoked", "API key revoked"),
                        ],
                        max_length=24,
                    ),
                ),
                ("ip_address", models.GenericIPAddressField(null=True)),
                ("user_agent", models.TextField(db_default="")),
                ("session_id", models.CharField(db_default="", max_length=128)),
                ("details", config.database.fields.MetadataField()),
            ],
            options={
                "verbose_name": "user activity",
                "verbose_name_plural": "user activity",
                "db_table": "user_activity_log",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        models.F("user_id"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        name="user_activity_user_idx",
                    ),
                    models.Index(
                        models.F("ip_address"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        condition=models.Q(("activity_type", "login_failed")),
                        name="user_activity_failed_idx",
                    ),
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["created_at"], name="user_activity_time_brin_idx"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "activity_type__in",
                                [
                                    "login",
                                    "logout",
                                    "login_failed",
                                    "password_change",
                                    "password_reset",
                                    "email_change",
                                    "2fa_enabled",
                                    "2fa_disabled",
                                    "kyc_submitted",
                                    "profile_update",
                                    "settings_change",
                                    "api_key_created",
                                    "api_key_revoked",
                                ],
                            )
                        ),
                        name="user_activity_log_activity_type_check",
                        violation_error_message="activity_type is one of: login, logout, login_failed, password_change, password_reset, email_change, 2fa_enabled, 2fa_disabled, kyc_submitted, profile_update, settings_change, api_key_created, api_key_revoked.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(config.database.finite.AreFinite("created_at")),
                        name="user_activity_log_finite_check",
                        violation_error_message="Numbers and times are finite.",
                    ),
                ],
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["created_at"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apiaccesslog",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="5a41b6a32c502ea145690f6474eba25dbbd282fa",
                    operation="UPDATE OR DELETE",
                    pgid="api_access_log_append_only",
                    table="api_access_log",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apiaccesslog",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="05d831c157680434751ad53dea74d31064fe3806",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="api_access_log_append_only_truncate",
                    table="api_access_log",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditlog",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="ee9763d6ca1b661194a0e42069de7f438662377c",
                    operation="UPDATE OR DELETE",
                    pgid="audit_log_append_only",
                    table="audit_log",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditlog",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="bc0752f478e66e24bcf555499cadd256c72e19e9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="audit_log_append_only_truncate",
                    table="audit_log",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="systemevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="ffa63cb1dd039c3a6c3026c38efe6d51db797052",
                    operation="UPDATE OR DELETE",
                    pgid="system_events_append_only",
                    table="system_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="systemevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="e6dafc2db214baac923891d0a7808e806137454a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="system_events_append_only_truncate",
                    table="system_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="useractivitylog",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="1558088bfd906024a412cb8f82a81f9c62cb16b6",
                    operation="UPDATE OR DELETE",
                    pgid="user_activity_log_append_only",
                    table="user_activity_log",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="useractivitylog",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="6fe51eff07094f30fc1685d97d52904bf20e14e6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="user_activity_log_append_only_truncate",
                    table="user_activity_log",
                    when="BEFORE",
                ),
            ),
        ),
    ]
