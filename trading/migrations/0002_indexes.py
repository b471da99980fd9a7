import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models

import config.database.operations


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside a transaction.
    atomic = False

    dependencies = [
        ("accounts", "0002_indexes"),
        ("accounts", "0001_schema"),
        ("trading", "0001_schema"),
    ]

    operations = [
        config.database.operations.AddIndexesConcurrently(
            model_name="corporateaction",
            indexes=[
                models.Index(
                    condition=models.Q(("status__in", ["announced", "confirmed"])),
                    fields=["ex_date"],
                    name="corporate_actions_due_idx",
                )
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="feeschedule",
            indexes=[models.Index(fields=["account_group", "valid_until"], name="fee_schedules_group_idx")],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="instrument",
            indexes=[
                django.contrib.postgres.indexes.GinIndex(
                    django.contrib.postgres.indexes.OpClass(
                        django.db.models.functions.text.Upper("symbol"), name="gin_trgm_ops"
                    ),
                    django.contrib.postgres.indexes.OpClass(
                        django.db.models.functions.text.Upper("display_name"), name="gin_trgm_ops"
                    ),
                    name="instruments_search_idx",
                ),
                models.Index(
                    condition=models.Q(("deleted_at__isnull", True), ("is_active", True), ("is_tradable", True)),
                    fields=["instrument_type", "symbol"],
                    name="instruments_tradable_idx",
                ),
                models.Index(fields=["esma_class"], name="instruments_esma_class_idx"),
                models.Index(
                    condition=models.Q(("isin", ""), _negated=True), fields=["isin"], name="instruments_isin_idx"
                ),
                django.contrib.postgres.indexes.GinIndex(
                    fields=["metadata"], name="instruments_metadata_idx", opclasses=["jsonb_path_ops"]
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="order",
            indexes=[
                models.Index(fields=["account", "-received_at"], name="orders_account_received_idx"),
                models.Index(
                    condition=models.Q(
                        (
                            "status__in",
                            [
                                "pending_new",
                                "new",
                                "partially_filled",
                                "done_for_day",
                                "pending_cancel",
                                "pending_replace",
                                "stopped",
                                "suspended",
                            ],
                        )
                    ),
                    fields=["instrument", "account"],
                    name="orders_live_idx",
                ),
                models.Index(
                    condition=models.Q(("parent_order__isnull", False)),
                    fields=["parent_order"],
                    name="orders_parent_order_idx",
                ),
                models.Index(
                    condition=models.Q(("lp_order_id", ""), _negated=True),
                    fields=["lp_order_id"],
                    name="orders_lp_order_id_idx",
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="orderaudit",
            indexes=[
                django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="order_audit_created_at_idx")
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="orderfill",
            indexes=[
                django.contrib.postgres.indexes.BrinIndex(fields=["executed_at"], name="order_fills_executed_at_idx")
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="position",
            indexes=[
                models.Index(condition=models.Q(("is_open", True)), fields=["instrument"], name="positions_open_idx"),
                models.Index(
                    condition=models.Q(("is_open", False)),
                    fields=["account", "-close_time"],
                    name="positions_account_closed_idx",
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="positionaudit",
            indexes=[
                django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="position_audit_created_at_idx")
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="trade",
            indexes=[
                models.Index(
                    fields=["account", "executed_at"],
                    include=("pnl", "commission", "swap"),
                    name="trades_account_executed_idx",
                ),
                models.Index(fields=["instrument", "executed_at"], name="trades_instrument_executed_idx"),
            ],
        ),
    ]
