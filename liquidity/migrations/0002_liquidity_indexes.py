from decimal import Decimal

import django.contrib.postgres.indexes
from django.db import migrations, models

import config.database.operations


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside a transaction.
    atomic = False

    dependencies = [
        ("accounts", "0002_indexes"),
        ("accounts", "0001_schema"),
        ("liquidity", "0001_liquidity_schema"),
        ("trading", "0002_indexes"),
    ]

    operations = [
        config.database.operations.AddIndexesConcurrently(
            model_name="clientprofile",
            indexes=[
                models.Index(fields=["user"], name="client_profiles_user_idx"),
                models.Index(fields=["profile_type", "-toxicity_score"], name="client_profiles_type_idx"),
                models.Index(
                    condition=models.Q(("auto_route", False)),
                    fields=["last_analyzed"],
                    name="client_profiles_manual_idx",
                ),
                models.Index(
                    models.OrderBy(models.F("last_analyzed"), nulls_first=True), name="client_profiles_analyzed_idx"
                ),
                django.contrib.postgres.indexes.GinIndex(
                    fields=["preferred_instruments"], name="client_profiles_prefer_idx"
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="liquidityprovider",
            indexes=[
                django.contrib.postgres.indexes.GinIndex(
                    fields=["name"], name="liquidity_providers_trgm_idx", opclasses=["gin_trgm_ops"]
                ),
                models.Index(
                    condition=models.Q(
                        ("connection_status", "connected"), ("deleted_at__isnull", True), ("is_active", True)
                    ),
                    fields=["priority"],
                    name="liquidity_providers_usable_idx",
                ),
                django.contrib.postgres.indexes.GinIndex(
                    fields=["supported_instruments"], name="liquidity_providers_symbol_idx"
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="lpexposure",
            indexes=[
                models.Index(fields=["instrument"], name="lp_exposure_instrument_idx"),
                models.Index(
                    condition=models.Q(("risk_utilization__gte", Decimal("0.8"))),
                    fields=["-risk_utilization"],
                    name="lp_exposure_near_limit_idx",
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="lpinstrument",
            indexes=[
                models.Index(
                    condition=models.Q(("is_enabled", True)),
                    fields=["instrument", "priority"],
                    include=("provider", "min_quantity", "max_quantity", "commission_rate"),
                    name="lp_instruments_offers_idx",
                )
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="lporderrouting",
            indexes=[
                models.Index(fields=["order", "routed_at"], name="lp_order_routing_order_idx"),
                models.Index(
                    condition=models.Q(("provider__isnull", False)),
                    fields=["provider", "routed_at"],
                    name="lp_order_routing_provider_idx",
                ),
                models.Index(
                    condition=models.Q(("rule__isnull", False)),
                    fields=["rule", "routed_at"],
                    name="lp_order_routing_rule_idx",
                ),
                models.Index(
                    condition=models.Q(("success", False)), fields=["routed_at"], name="lp_order_routing_failed_idx"
                ),
                django.contrib.postgres.indexes.BrinIndex(fields=["routed_at"], name="lp_order_routing_routed_idx"),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="lpperformancemetric",
            indexes=[
                models.Index(fields=["bucket_interval", "time_bucket"], name="lp_performance_metrics_bkt_idx"),
                models.Index(
                    condition=models.Q(("instrument__isnull", False)),
                    fields=["instrument", "time_bucket"],
                    name="lp_performance_metrics_ins_idx",
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="sorrule",
            indexes=[
                django.contrib.postgres.indexes.GinIndex(
                    fields=["conditions"], name="sor_rules_conditions_idx", opclasses=["jsonb_path_ops"]
                ),
                models.Index(
                    condition=models.Q(("is_active", True), ("valid_until__isnull", False)),
                    fields=["valid_until"],
                    name="sor_rules_ending_idx",
                ),
            ],
        ),
    ]
