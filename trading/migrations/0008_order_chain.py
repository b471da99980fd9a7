import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import config.database.fields
import config.database.triggers


class Migration(migrations.Migration):
    dependencies = [("trading", "0007_order_status_transitions")]

    operations = [
        migrations.CreateModel(
            name="OrderChangeRequest",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="change_requests",
                        to="trading.order",
                    ),
                ),
                (
                    "seq",
                    models.BigIntegerField(
                        editable=False, help_text="Number of the order's event that this request is."
                    ),
                ),
                ("kind", models.CharField(choices=[("replace", "Replace"), ("cancel", "Cancel")], max_length=8)),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("accepted", "Accepted"), ("rejected", "Rejected")],
                        db_default="pending",
                        max_length=8,
                    ),
                ),
                (
                    "quantity",
                    config.database.fields.AmountField(
                        blank=True, help_text="Contracts, with what is filled already.", null=True
                    ),
                ),
                ("price", config.database.fields.AmountField(blank=True, null=True)),
                ("stop_price", config.database.fields.AmountField(blank=True, null=True)),
                ("limit_price", config.database.fields.AmountField(blank=True, null=True)),
                ("trailing_distance", config.database.fields.AmountField(blank=True, null=True)),
                (
                    "time_in_force",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("gtc", "good till cancel"),
                            ("ioc", "immediate or cancel"),
                            ("fok", "fill or kill"),
                            ("day", "Day"),
                            ("gtd", "good till date"),
                        ],
                        db_default="",
                        max_length=8,
                    ),
                ),
                ("good_till_date", models.DateTimeField(blank=True, null=True)),
                (
                    "requested_by",
                    models.CharField(
                        blank=True, db_default="", help_text="User id, algorithm or part of the system.", max_length=64
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "order_change_requests",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("order", "seq"), name="order_change_requests_event_uniq"),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "pending")),
                        fields=("order",),
                        name="order_change_requests_pending_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["replace", "cancel"])),
                        name="order_change_requests_kind_check",
                        violation_error_message="kind is one of: replace, cancel.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "accepted", "rejected"])),
                        name="order_change_requests_status_check",
                        violation_error_message="status is one of: pending, accepted, rejected.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("good_till_date__isnull", True),
                                ("kind", "cancel"),
                                ("limit_price__isnull", True),
                                ("price__isnull", True),
                                ("quantity__isnull", True),
                                ("stop_price__isnull", True),
                                ("time_in_force", ""),
                                ("trailing_distance__isnull", True),
                            ),
                            models.Q(
                                ("kind", "replace"),
                                ("quantity__gt", 0),
                                ("time_in_force__in", ["gtc", "ioc", "fok", "day", "gtd"]),
                            ),
                            _connector="OR",
                        ),
                        name="order_change_requests_terms_check",
                        violation_error_message="A replace request has a quantity and a time in force; a cancel request has no terms.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("status", "pending")),
                            models.Q(models.Q(("status", "pending"), _negated=True), ("decided_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="order_change_requests_decided_at_check",
                        violation_error_message="A request that is decided, and no other, has the time of it.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="8392962462d1edc24428261411398177c0151415",
                            operation="UPDATE",
                            pgid="order_change_requests_touch",
                            table="order_change_requests",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="fd7ff7b07cc22b6a94aa1945a0813695c2a6da55",
                            operation="DELETE",
                            pgid="order_change_requests_append_only",
                            table="order_change_requests",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="fdcd2e6314e7d22868dff19bc1b8c19df4e62cb5",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="order_change_requests_append_only_truncate",
                            table="order_change_requests",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
    ]
