import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

import config.database.triggers


class Migration(migrations.Migration):
    dependencies = [("trading", "0010_order_functions")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="guard_order()",
                    func="",
                    hash="0d6807f0273d8c9d2f460e52bf3824a6e31d603c",
                    operation="INSERT OR UPDATE",
                    pgid="orders_guard",
                    table="orders",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="guard_terms",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="guard_order_terms()",
                    func="",
                    hash="c91a593e7885c1da74adf4e8fd0d86cd71b0cff5",
                    operation='UPDATE OF "id", "created_at", "account_id", "user_id", "client_order_id", "instrument_id",'
                    ' "order_type", "side", "is_reduce_only", "is_post_only", "parent_order_id", "received_at", "quantity",'
                    ' "price", "stop_price", "limit_price", "trailing_distance", "time_in_force", "good_till_date"',
                    pgid="orders_guard_terms",
                    table="orders",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="record",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="record_order_event()",
                    func="",
                    hash="b10d7e743e78d4c362125d0e70d0e450d8043744",
                    operation="INSERT OR UPDATE",
                    pgid="orders_record",
                    table="orders",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="orderfill",
            trigger=pgtrigger.compiler.Trigger(
                name="apply",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="apply_fill_to_order()",
                    func="",
                    hash="fa7c131f1463656b9c3a29ba49b119f8d9efd4a9",
                    operation="INSERT",
                    pgid="order_fills_apply",
                    table="order_fills",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="orderchangerequest",
            trigger=pgtrigger.compiler.Trigger(
                name="open",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="open_order_request()",
                    func="",
                    hash="dfd3613477431d0531705b6fbec04dcd1d3f781d",
                    operation="INSERT",
                    pgid="order_change_requests_open",
                    table="order_change_requests",
                    when="BEFORE",
                ),
            ),
        ),
    ]
