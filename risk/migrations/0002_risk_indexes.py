import django.contrib.postgres.indexes
from django.db import migrations, models

import config.database.operations


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside a transaction.
    atomic = False

    dependencies = [
        ("accounts", "0002_indexes"),
        ("accounts", "0001_schema"),
        ("risk", "0001_risk_schema"),
        ("trading", "0002_indexes"),
    ]

    operations = [
        config.database.operations.AddIndexesConcurrently(
            model_name="circuitbreaker",
            indexes=[
                models.Index(
                    condition=models.Q(("status__in", ("triggered", "cooling_down"))),
                    fields=["scope", "scope_id"],
                    include=("action",),
                    name="circuit_breakers_holding_idx",
                )
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="circuitbreakerevent",
            indexes=[
                models.Index(
                    models.F("breaker"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    name="circuit_breaker_events_brk_idx",
                ),
                django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="circuit_breaker_events_tm_idx"),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="margincall",
            indexes=[
                models.Index(
                    models.F("account"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    name="margin_calls_account_idx",
                ),
                models.Index(
                    models.F("user"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    name="margin_calls_user_idx",
                ),
                models.Index(
                    condition=models.Q(("status", "active")), fields=["created_at"], name="margin_calls_active_idx"
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="marginrate",
            indexes=[
                models.Index(
                    fields=["regime", "client_class", "esma_class", "max_leverage"], name="margin_rates_cap_idx"
                )
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="marginrequirement",
            indexes=[models.Index(fields=["instrument"], name="margin_requirements_instr_idx")],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="riskalert",
            indexes=[
                models.Index(
                    condition=models.Q(("status", "active")),
                    fields=["severity", "created_at"],
                    name="risk_alerts_active_idx",
                ),
                models.Index(
                    models.F("account"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    condition=models.Q(("account__isnull", False)),
                    name="risk_alerts_account_idx",
                ),
                models.Index(
                    models.F("user"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    condition=models.Q(("user__isnull", False)),
                    name="risk_alerts_user_idx",
                ),
                django.contrib.postgres.indexes.GinIndex(
                    fields=["details"], name="risk_alerts_details_idx", opclasses=["jsonb_path_ops"]
                ),
                django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="risk_alerts_created_idx"),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="risklimitbreach",
            indexes=[
                models.Index(
                    models.F("limit"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    name="risk_limit_breaches_limit_idx",
                ),
                models.Index(
                    models.F("account"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    condition=models.Q(("account__isnull", False)),
                    name="risk_limit_breaches_acct_idx",
                ),
                models.Index(
                    condition=models.Q(("order__isnull", False)), fields=["order"], name="risk_limit_breaches_order_idx"
                ),
                models.Index(
                    condition=models.Q(("resolved_at__isnull", True)),
                    fields=["severity", "created_at"],
                    name="risk_limit_breaches_open_idx",
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="stresstestresult",
            indexes=[
                models.Index(
                    models.F("account"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    name="stress_test_results_acct_idx",
                ),
                models.Index(
                    models.F("scenario"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    name="stress_test_results_scen_idx",
                ),
            ],
        ),
    ]
