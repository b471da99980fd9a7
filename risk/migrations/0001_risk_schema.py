from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
import psqlextra.backend.migrations.operations.create_partitioned_model
import psqlextra.models.partitioned
import psqlextra.types
from django.conf import settings
from django.db import migrations, models

import config.database.fields
import config.database.triggers
from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("database", "0004_partitions"),
        ("accounts", "0001_schema"),
        ("accounts", "0001_schema"),
        ("trading", "0001_schema"),
    ]

    operations = [
        RunSQLFile("0001_functions"),
        migrations.CreateModel(
            name="CircuitBreaker",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                ("breaker_name", models.CharField(max_length=64)),
                (
                    "breaker_type",
                    models.CharField(
                        choices=[
                            ("price_movement", "Price Movement"),
                            ("volatility", "Volatility"),
                            ("volume_surge", "Volume Surge"),
                            ("loss_limit", "Loss Limit"),
                            ("error_rate", "Error Rate"),
                            ("manual", "Manual"),
                            ("system_health", "System Health"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("global", "Global"),
                            ("instrument", "Instrument"),
                            ("account", "Account"),
                            ("lp", "Liquidity provider"),
                        ],
                        db_default="global",
                        max_length=16,
                    ),
                ),
                (
                    "scope_id",
                    models.UUIDField(
                        blank=True,
                        help_text="The instrument, account or liquidity provider; empty when global.",
                        null=True,
                    ),
                ),
                (
                    "instrument_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(models.When(scope="instrument", then=models.F("scope_id"))),
                        output_field=models.UUIDField(null=True),
                    ),
                ),
                (
                    "account_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(models.When(scope="account", then=models.F("scope_id"))),
                        output_field=models.UUIDField(null=True),
                    ),
                ),
                (
                    "trigger_condition",
                    config.database.fields.MetadataField(help_text='{"metric": "price_change", "operator": ">="}'),
                ),
                (
                    "threshold_value",
                    config.database.fields.AmountField(
                        blank=True, help_text="In the metric's unit; empty for a manual breaker only.", null=True
                    ),
                ),
                (
                    "current_value",
                    config.database.fields.AmountField(blank=True, help_text="As last measured.", null=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("armed", "Armed"),
                            ("triggered", "Triggered"),
                            ("cooling_down", "Cooling Down"),
                            ("disabled", "Disabled"),
                        ],
                        db_default="armed",
                        max_length=16,
                    ),
                ),
                ("triggered_at", models.DateTimeField(blank=True, null=True)),
                ("reset_at", models.DateTimeField(blank=True, help_text="When it was last armed again.", null=True)),
                (
                    "cooldown_seconds",
                    models.IntegerField(
                        db_default=300, help_text="Seconds between the trigger and an automatic reset."
                    ),
                ),
                ("auto_reset", models.BooleanField(db_default=False)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("halt_trading", "Halt Trading"),
                            ("reject_orders", "Reject Orders"),
                            ("reduce_positions", "Reduce Positions"),
                            ("alert_only", "Alert Only"),
                        ],
                        db_default="halt_trading",
                        max_length=20,
                    ),
                ),
                ("description", models.CharField(blank=True, db_default="", max_length=255)),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "circuit_breakers",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "breaker_type__in",
                                [
                                    "price_movement",
                                    "volatility",
                                    "volume_surge",
                                    "loss_limit",
                                    "error_rate",
                                    "manual",
                                    "system_health",
                                ],
                            )
                        ),
                        name="circuit_breakers_breaker_type_check",
                        violation_error_message="breaker_type is one of: price_movement, volatility, volume_surge, loss_limit, error_rate, manual, system_health.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["global", "instrument", "account", "lp"])),
                        name="circuit_breakers_scope_check",
                        violation_error_message="scope is one of: global, instrument, account, lp.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["armed", "triggered", "cooling_down", "disabled"])),
                        name="circuit_breakers_status_check",
                        violation_error_message="status is one of: armed, triggered, cooling_down, disabled.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("action__in", ["halt_trading", "reject_orders", "reduce_positions", "alert_only"])
                        ),
                        name="circuit_breakers_action_check",
                        violation_error_message="action is one of: halt_trading, reject_orders, reduce_positions, alert_only.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cooldown_seconds__gte", 0)),
                        name="circuit_breakers_cooldown_seconds_not_negative_check",
                        violation_error_message="cooldown_seconds is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scope", "global"), ("scope_id__isnull", True)),
                            models.Q(models.Q(("scope", "global"), _negated=True), ("scope_id__isnull", False)),
                            _connector="OR",
                        ),
                        name="circuit_breakers_scope_named_check",
                        violation_error_message="A global breaker names nothing, any other the id of what it watches.",
                    ),
                    models.CheckConstraint(
                        condition=models.Func(
                            models.F("breaker_type"),
                            models.F("trigger_condition"),
                            function="trigger_condition_valid",
                            output_field=models.BooleanField(),
                        ),
                        name="circuit_breakers_trigger_condition_check",
                        violation_error_message="The condition needs a metric, an operator, and nothing unknown.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("breaker_type", "manual"), ("threshold_value__isnull", False), _connector="OR"
                        ),
                        name="circuit_breakers_threshold_present_check",
                        violation_error_message="A breaker that trips by itself needs a threshold.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ("triggered", "cooling_down")), ("triggered_at__isnull", False)),
                            models.Q(
                                models.Q(("status__in", ("triggered", "cooling_down")), _negated=True),
                                ("triggered_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="circuit_breakers_triggered_at_present_check",
                        violation_error_message="The time of the trigger is set exactly while the breaker is triggered or cooling down.",
                    ),
                    models.UniqueConstraint(fields=("breaker_name",), name="circuit_breakers_breaker_name_uniq"),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="60ac5022c9704e575210ddaa9e42b9cc8cf6fab5",
                            operation="UPDATE",
                            pgid="circuit_breakers_touch",
                            table="circuit_breakers",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LeverageCap",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "regime",
                    models.CharField(
                        choices=[
                            ("ESMA", "ESMA (EU)"),
                            ("FCA", "FCA (United Kingdom)"),
                            ("ASIC", "ASIC (Australia)"),
                            ("FINMA", "FINMA (Switzerland)"),
                            ("MAS", "MAS (Singapore)"),
                            ("JFSA", "JFSA (Japan)"),
                            ("CFTC", "CFTC (United States)"),
                            ("OFFSHORE", "None of these"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "client_class",
                    models.CharField(
                        choices=[
                            ("retail", "Retail"),
                            ("professional", "Professional"),
                            ("eligible_counterparty", "Eligible counterparty"),
                        ],
                        db_column="class",
                        max_length=24,
                        verbose_name="class",
                    ),
                ),
                (
                    "esma_class",
                    models.CharField(
                        choices=[
                            ("fx_major", "FX major"),
                            ("fx_minor_gold_index", "FX minor, gold, major index"),
                            ("commodity", "Commodity"),
                            ("equity", "Equity"),
                            ("crypto", "Crypto"),
                        ],
                        max_length=24,
                        verbose_name="ESMA class",
                    ),
                ),
                ("max_leverage", config.database.fields.RatioField(help_text="30 = 30:1.")),
            ],
            options={
                "db_table": "leverage_caps",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("regime__in", ["ESMA", "FCA", "ASIC", "FINMA", "MAS", "JFSA", "CFTC", "OFFSHORE"])
                        ),
                        name="leverage_caps_regime_check",
                        violation_error_message="regime is one of: ESMA, FCA, ASIC, FINMA, MAS, JFSA, CFTC, OFFSHORE.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("client_class__in", ["retail", "professional", "eligible_counterparty"])),
                        name="leverage_caps_client_class_check",
                        violation_error_message="client_class is one of: retail, professional, eligible_counterparty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("esma_class__in", ["fx_major", "fx_minor_gold_index", "commodity", "equity", "crypto"])
                        ),
                        name="leverage_caps_esma_class_check",
                        violation_error_message="esma_class is one of: fx_major, fx_minor_gold_index, commodity, equity, crypto.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("max_leverage__gte", 1)),
                        name="leverage_caps_max_leverage_range_check",
                        violation_error_message="Leverage is at least 1:1.",
                    ),
                    models.UniqueConstraint(
                        fields=("regime", "client_class", "esma_class"), name="leverage_caps_class_uniq"
                    ),
                    models.UniqueConstraint(
                        fields=("regime", "client_class", "esma_class", "max_leverage"), name="leverage_caps_value_uniq"
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="c4012742fa02fd37edea186fbec22c9311106b3a",
                            operation="UPDATE",
                            pgid="leverage_caps_touch",
                            table="leverage_caps",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MarginCall",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="margin_calls",
                        to="accounts.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call_type",
                    models.CharField(
                        choices=[
                            ("margin_call", "Margin Call"),
                            ("stop_out", "Stop Out"),
                            ("liquidation", "Liquidation"),
                        ],
                        db_default="margin_call",
                        max_length=16,
                    ),
                ),
                (
                    "margin_level",
                    config.database.fields.AmountField(help_text="Equity in percent of the margin in use."),
                ),
                ("margin_required", config.database.fields.AmountField()),
                (
                    "margin_available",
                    config.database.fields.AmountField(
                        help_text="Negative when losses have eaten more than the deposit."
                    ),
                ),
                (
                    "shortfall",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Greatest(
                            django.db.models.expressions.CombinedExpression(
                                models.F("margin_required"), "-", models.F("margin_available")
                            ),
                            models.Value(Decimal("0")),
                        ),
                        help_text="What is missing.",
                        output_field=config.database.fields.AmountField(),
                    ),
                ),
                (
                    "positions_affected",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        blank=True,
                        db_default=[],
                        help_text="Ids of positions.",
                        size=None,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("resolved", "Resolved"),
                            ("liquidated", "Liquidated"),
                            ("canceled", "Canceled"),
                        ],
                        db_default="active",
                        max_length=16,
                    ),
                ),
                ("notified_at", models.DateTimeField(blank=True, help_text="When the client was told.", null=True)),
                ("resolved_at", models.DateTimeField(blank=True, help_text="When it stopped being active.", null=True)),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "margin_calls",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("call_type__in", ["margin_call", "stop_out", "liquidation"])),
                        name="margin_calls_call_type_check",
                        violation_error_message="call_type is one of: margin_call, stop_out, liquidation.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "resolved", "liquidated", "canceled"])),
                        name="margin_calls_status_check",
                        violation_error_message="status is one of: active, resolved, liquidated, canceled.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("margin_required__gt", 0)),
                        name="margin_calls_margin_required_positive_check",
                        violation_error_message="margin_required is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at__isnull", True), ("status", "active")),
                            models.Q(models.Q(("status", "active"), _negated=True), ("resolved_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="margin_calls_resolved_unless_active_check",
                        violation_error_message="A call has an end if and only if it is not active.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "active")),
                        fields=("account",),
                        name="margin_calls_active_account_uniq",
                        violation_error_message="The account has an active margin call already.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="2a043c78125d2d88cc69bde41b94048f467da4c3",
                            operation="UPDATE",
                            pgid="margin_calls_touch",
                            table="margin_calls",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MarginRate",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "instrument",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="margin_rates",
                        to="trading.instrument",
                    ),
                ),
                (
                    "regime",
                    models.CharField(
                        choices=[
                            ("ESMA", "ESMA (EU)"),
                            ("FCA", "FCA (United Kingdom)"),
                            ("ASIC", "ASIC (Australia)"),
                            ("FINMA", "FINMA (Switzerland)"),
                            ("MAS", "MAS (Singapore)"),
                            ("JFSA", "JFSA (Japan)"),
                            ("CFTC", "CFTC (United States)"),
                            ("OFFSHORE", "None of these"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "client_class",
                    models.CharField(
                        choices=[
                            ("retail", "Retail"),
                            ("professional", "Professional"),
                            ("eligible_counterparty", "Eligible counterparty"),
                        ],
                        db_column="class",
                        max_length=24,
                        verbose_name="class",
                    ),
                ),
                (
                    "esma_class",
                    models.CharField(
                        choices=[
                            ("fx_major", "FX major"),
                            ("fx_minor_gold_index", "FX minor, gold, major index"),
                            ("commodity", "Commodity"),
                            ("equity", "Equity"),
                            ("crypto", "Crypto"),
                        ],
                        help_text="The instrument's.",
                        max_length=24,
                        verbose_name="ESMA class",
                    ),
                ),
                ("max_leverage", config.database.fields.RatioField(help_text="The cap's, 30 = 30:1.")),
                (
                    "initial_rate",
                    config.database.fields.RatioField(
                        help_text="Margin to open, as a fraction of the position's value: 0.0334 = 3.34 %."
                    ),
                ),
                (
                    "maintenance_rate",
                    config.database.fields.RatioField(
                        help_text="Margin to keep, as a fraction of the position's value."
                    ),
                ),
                ("valid_from", models.DateTimeField()),
                (
                    "valid_until",
                    models.DateTimeField(blank=True, help_text="Exclusive; empty: until further notice.", null=True),
                ),
            ],
            options={
                "db_table": "margin_rates",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("initial_rate__gt", 0), ("initial_rate__lte", 1)),
                        name="margin_rates_initial_rate_range_check",
                        violation_error_message="The initial rate is above 0 and at most 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("maintenance_rate__gt", 0), ("maintenance_rate__lte", models.F("initial_rate"))
                        ),
                        name="margin_rates_maintenance_rate_range_check",
                        violation_error_message="The maintenance rate is above 0 and at most the initial rate.",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.GreaterThanOrEqual(
                            django.db.models.expressions.CombinedExpression(
                                models.F("initial_rate"), "*", models.F("max_leverage")
                            ),
                            models.Value(Decimal("1")),
                        ),
                        name="margin_rates_within_cap_check",
                        violation_error_message="The initial rate is at least 1 / max_leverage, rounded up.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_until__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="margin_rates_period_check",
                        violation_error_message="The period ends after it begins.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("instrument", "="),
                            ("regime", "="),
                            ("client_class", "="),
                            (
                                models.Func(
                                    models.F("valid_from"),
                                    models.F("valid_until"),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="margin_rates_period_excl",
                        violation_error_message="Another rate is valid in this period.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="5e451a556cdada0d18338c147c12315f738aba81",
                            operation="UPDATE",
                            pgid="margin_rates_touch",
                            table="margin_rates",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MarginRequirement",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="margin_requirements",
                        to="accounts.account",
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.instrument",
                    ),
                ),
                (
                    "position_size",
                    config.database.fields.AmountField(
                        help_text="Net, in units of the instrument; negative when short."
                    ),
                ),
                ("initial_margin", config.database.fields.AmountField(help_text="In `currency`.")),
                ("maintenance_margin", config.database.fields.AmountField(help_text="In `currency`.")),
                (
                    "margin_call_level",
                    config.database.fields.RatioField(
                        db_default=Decimal("100"), help_text="Percent of the margin in use: below it, a call goes out."
                    ),
                ),
                (
                    "stop_out_level",
                    config.database.fields.RatioField(
                        db_default=Decimal("50"),
                        help_text="Percent of the margin in use: below it, positions are closed; ESMA: 50.",
                    ),
                ),
                ("leverage", config.database.fields.RatioField(help_text="30 = 30:1.")),
                (
                    "currency",
                    models.ForeignKey(
                        db_column="currency",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                ("calculated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "margin_requirements",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("maintenance_margin__gte", 0)),
                        name="margin_requirements_maintenance_margin_not_negative_check",
                        violation_error_message="maintenance_margin is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("initial_margin__gte", models.F("maintenance_margin"))),
                        name="margin_requirements_initial_covers_maintenance_check",
                        violation_error_message="The initial margin is at least the maintenance margin.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stop_out_level__gt", 0), ("stop_out_level__lte", models.F("margin_call_level"))
                        ),
                        name="margin_requirements_stop_out_below_call_check",
                        violation_error_message="Positions are closed at or below the level of the margin call.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("leverage__gt", 0)),
                        name="margin_requirements_leverage_positive_check",
                        violation_error_message="leverage is greater than zero.",
                    ),
                    models.UniqueConstraint(
                        fields=("account", "instrument"), name="margin_requirements_account_instrument_uniq"
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="dd1a5febc4e973e0d3bae3245267dd52971e6866",
                            operation="UPDATE",
                            pgid="margin_requirements_touch",
                            table="margin_requirements",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="PortfolioRisk",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                ("time_bucket", models.DateTimeField(help_text="The bucket's beginning.")),
                (
                    "total_exposure",
                    config.database.fields.AmountField(
                        db_default=Decimal("0"), help_text="Value of the open positions."
                    ),
                ),
                (
                    "net_exposure",
                    config.database.fields.AmountField(db_default=Decimal("0"), help_text="Long less short."),
                ),
                (
                    "gross_exposure",
                    config.database.fields.AmountField(db_default=Decimal("0"), help_text="Long plus short."),
                ),
                (
                    "value_at_risk",
                    config.database.fields.AmountField(db_default=Decimal("0"), help_text="99 %, one day."),
                ),
                (
                    "conditional_value_at_risk",
                    config.database.fields.AmountField(
                        blank=True, help_text="Mean of the losses beyond the value at risk.", null=True
                    ),
                ),
                ("correlation_risk", config.database.fields.ScoreField(db_default=Decimal("0"), help_text="0 to 100.")),
                (
                    "concentration_risk",
                    config.database.fields.ScoreField(db_default=Decimal("0"), help_text="0 to 100."),
                ),
                ("liquidity_risk", config.database.fields.ScoreField(db_default=Decimal("0"), help_text="0 to 100.")),
                (
                    "leverage",
                    config.database.fields.RatioField(
                        db_default=Decimal("0"), help_text="Gross exposure / equity; 30 = 30:1."
                    ),
                ),
                ("sharpe_ratio", config.database.fields.RatioField(blank=True, help_text="Annualised.", null=True)),
                ("sortino_ratio", config.database.fields.RatioField(blank=True, help_text="Annualised.", null=True)),
                (
                    "current_drawdown",
                    config.database.fields.RatioField(db_default=Decimal("0"), help_text="From the peak; 0.1 = 10 %."),
                ),
                (
                    "max_drawdown",
                    config.database.fields.RatioField(
                        db_default=Decimal("0"), help_text="The largest so far; 0.1 = 10 %."
                    ),
                ),
                ("open_positions", models.IntegerField(db_default=0)),
                (
                    "largest_position_percentage",
                    config.database.fields.ScoreField(
                        db_default=Decimal("0"), help_text="Of the gross exposure, 0 to 100."
                    ),
                ),
                (
                    "risk_score",
                    config.database.fields.ScoreField(db_default=Decimal("0"), help_text="0 (none) to 100."),
                ),
                ("created_at", config.database.fields.CreatedAtField()),
            ],
            options={
                "verbose_name_plural": "portfolio risk",
                "db_table": "portfolio_risk",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(fields=["time_bucket"], name="portfolio_risk_time_idx")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "net_exposure__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("gross_exposure"), "*", models.Value(-1)
                                ),
                            ),
                            ("net_exposure__lte", models.F("gross_exposure")),
                        ),
                        name="portfolio_risk_net_within_gross_check",
                        violation_error_message="The net exposure is at most the gross exposure.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("value_at_risk__gte", 0)),
                        name="portfolio_risk_value_at_risk_not_negative_check",
                        violation_error_message="value_at_risk is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("conditional_value_at_risk__isnull", True),
                            ("conditional_value_at_risk__gte", models.F("value_at_risk")),
                            _connector="OR",
                        ),
                        name="portfolio_risk_tail_beyond_var_check",
                        violation_error_message="The conditional value at risk is at least the value at risk.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("correlation_risk__gte", Decimal("0")), ("correlation_risk__lte", Decimal("100"))
                        ),
                        name="portfolio_risk_correlation_risk_range_check",
                        violation_error_message="correlation_risk lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("concentration_risk__gte", Decimal("0")), ("concentration_risk__lte", Decimal("100"))
                        ),
                        name="portfolio_risk_concentration_risk_range_check",
                        violation_error_message="concentration_risk lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("liquidity_risk__gte", Decimal("0")), ("liquidity_risk__lte", Decimal("100"))
                        ),
                        name="portfolio_risk_liquidity_risk_range_check",
                        violation_error_message="liquidity_risk lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("leverage__gte", 0)),
                        name="portfolio_risk_leverage_not_negative_check",
                        violation_error_message="leverage is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("current_drawdown__gte", 0), ("max_drawdown__gte", models.F("current_drawdown"))
                        ),
                        name="portfolio_risk_drawdown_check",
                        violation_error_message="The current drawdown is not negative and at most the largest.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("open_positions__gte", 0)),
                        name="portfolio_risk_open_positions_not_negative_check",
                        violation_error_message="open_positions is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("largest_position_percentage__gte", Decimal("0")),
                            ("largest_position_percentage__lte", Decimal("100")),
                        ),
                        name="portfolio_risk_largest_position_percentage_range_check",
                        violation_error_message="largest_position_percentage lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("risk_score__gte", Decimal("0")), ("risk_score__lte", Decimal("100"))),
                        name="portfolio_risk_risk_score_range_check",
                        violation_error_message="risk_score lies between 0 and 100.",
                    ),
                    models.UniqueConstraint(fields=("account", "time_bucket"), name="portfolio_risk_account_uniq"),
                ],
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["time_bucket"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="PositionRiskMetric",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "position",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.position",
                    ),
                ),
                (
                    "value_at_risk",
                    config.database.fields.AmountField(
                        help_text="Loss that is not exceeded with `confidence` within `horizon_days`."
                    ),
                ),
                (
                    "conditional_value_at_risk",
                    config.database.fields.AmountField(
                        blank=True, help_text="Mean of the losses beyond the value at risk.", null=True
                    ),
                ),
                (
                    "expected_shortfall",
                    config.database.fields.AmountField(
                        blank=True, help_text="Expected loss in a stressed market.", null=True
                    ),
                ),
                ("confidence", config.database.fields.RatioField(db_default=Decimal("0.99"), help_text="0.99 = 99 %.")),
                ("horizon_days", models.SmallIntegerField(db_default=1, help_text="Days.")),
                (
                    "volatility",
                    config.database.fields.RatioField(blank=True, help_text="Annualised; 0.2 = 20 %.", null=True),
                ),
                ("beta", config.database.fields.RatioField(blank=True, null=True)),
                ("delta", config.database.fields.AmountField(blank=True, null=True)),
                ("gamma", config.database.fields.AmountField(blank=True, null=True)),
                ("theta", config.database.fields.AmountField(blank=True, help_text="Per day.", null=True)),
                (
                    "vega",
                    config.database.fields.AmountField(
                        blank=True, help_text="Per percentage point of volatility.", null=True
                    ),
                ),
                (
                    "current_drawdown",
                    config.database.fields.RatioField(db_default=Decimal("0"), help_text="From the peak; 0.1 = 10 %."),
                ),
                (
                    "max_drawdown",
                    config.database.fields.RatioField(
                        db_default=Decimal("0"), help_text="The largest so far; 0.1 = 10 %."
                    ),
                ),
                (
                    "distance_to_liquidation",
                    config.database.fields.RatioField(
                        blank=True, help_text="Relative price move to the liquidation price; 0.1 = 10 %.", null=True
                    ),
                ),
                (
                    "risk_score",
                    config.database.fields.ScoreField(db_default=Decimal("0"), help_text="0 (none) to 100."),
                ),
                ("calculated_at", models.DateTimeField()),
                ("created_at", config.database.fields.CreatedAtField()),
            ],
            options={
                "db_table": "position_risk_metrics",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["calculated_at"], name="position_risk_metrics_time_idx"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("value_at_risk__gte", 0)),
                        name="position_risk_metrics_value_at_risk_not_negative_check",
                        violation_error_message="value_at_risk is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("conditional_value_at_risk__isnull", True),
                            ("conditional_value_at_risk__gte", models.F("value_at_risk")),
                            _connector="OR",
                        ),
                        name="position_risk_metrics_tail_beyond_var_check",
                        violation_error_message="The conditional value at risk is at least the value at risk.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confidence__gt", 0), ("confidence__lt", 1)),
                        name="position_risk_metrics_confidence_range_check",
                        violation_error_message="Confidence is between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("horizon_days__gt", 0)),
                        name="position_risk_metrics_horizon_days_positive_check",
                        violation_error_message="The horizon is at least one day.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("current_drawdown__gte", 0), ("max_drawdown__gte", models.F("current_drawdown"))
                        ),
                        name="position_risk_metrics_drawdown_check",
                        violation_error_message="The current drawdown is not negative and at most the largest.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("risk_score__gte", Decimal("0")), ("risk_score__lte", Decimal("100"))),
                        name="position_risk_metrics_risk_score_range_check",
                        violation_error_message="risk_score lies between 0 and 100.",
                    ),
                    models.UniqueConstraint(
                        fields=("position", "calculated_at"), name="position_risk_metrics_position_uniq"
                    ),
                ],
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["calculated_at"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        migrations.CreateModel(
            name="RiskAlert",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "alert_type",
                    models.CharField(
                        choices=[
                            ("high_leverage", "High Leverage"),
                            ("large_position", "Large Position"),
                            ("rapid_trading", "Rapid Trading"),
                            ("unusual_pnl", "Unusual P&L"),
                            ("correlation_spike", "Correlation Spike"),
                            ("liquidity_issue", "Liquidity Issue"),
                            ("system_anomaly", "System Anomaly"),
                            ("custom", "Custom"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        db_default="medium",
                        max_length=16,
                    ),
                ),
                ("title", models.CharField(max_length=255)),
                ("message", models.TextField(blank=True, db_default="")),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_alerts",
                        to="accounts.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.instrument",
                    ),
                ),
                (
                    "position",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.position",
                    ),
                ),
                (
                    "dedup_key",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Equal for findings of the same thing; empty: never the same.",
                        max_length=128,
                    ),
                ),
                ("occurrences", models.IntegerField(db_default=1, help_text="How often it was found while open.")),
                ("last_occurred_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("acknowledged", "Acknowledged"),
                            ("resolved", "Resolved"),
                            ("false_positive", "False Positive"),
                        ],
                        db_default="active",
                        max_length=16,
                    ),
                ),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "notification_channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("dashboard", "Dashboard"),
                                ("email", "Email"),
                                ("sms", "SMS"),
                                ("webhook", "Webhook"),
                            ],
                            max_length=16,
                        ),
                        blank=True,
                        db_default=[],
                        help_text="Where people are told, beside this list.",
                        size=None,
                    ),
                ),
                ("details", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "risk_alerts",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "alert_type__in",
                                [
                                    "high_leverage",
                                    "large_position",
                                    "rapid_trading",
                                    "unusual_pnl",
                                    "correlation_spike",
                                    "liquidity_issue",
                                    "system_anomaly",
                                    "custom",
                                ],
                            )
                        ),
                        name="risk_alerts_alert_type_check",
                        violation_error_message="alert_type is one of: high_leverage, large_position, rapid_trading, unusual_pnl, correlation_spike, liquidity_issue, system_anomaly, custom.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["low", "medium", "high", "critical"])),
                        name="risk_alerts_severity_check",
                        violation_error_message="severity is one of: low, medium, high, critical.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "acknowledged", "resolved", "false_positive"])),
                        name="risk_alerts_status_check",
                        violation_error_message="status is one of: active, acknowledged, resolved, false_positive.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("title", ""), _negated=True),
                        name="risk_alerts_title_present_check",
                        violation_error_message="An alert has a title.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("occurrences__gt", 0)),
                        name="risk_alerts_occurrences_positive_check",
                        violation_error_message="occurrences is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("notification_channels__contained_by", ["dashboard", "email", "sms", "webhook"])
                        ),
                        name="risk_alerts_notification_channels_check",
                        violation_error_message="Channels are: dashboard, email, sms, webhook.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                            models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="risk_alerts_acknowledged_by_person_check",
                        violation_error_message="An acknowledgement has a time and a person.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("status", "active"), _negated=True),
                                ("acknowledged_at__isnull", True),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(("status", "acknowledged"), _negated=True),
                                ("acknowledged_at__isnull", False),
                                _connector="OR",
                            ),
                        ),
                        name="risk_alerts_acknowledged_at_present_check",
                        violation_error_message="An active alert is not acknowledged yet, an acknowledged one is.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("status__in", ("resolved", "false_positive")), _negated=True),
                                ("resolved_at__isnull", True),
                                ("resolved_by__isnull", True),
                            ),
                            models.Q(("resolved_at__isnull", False), ("status__in", ("resolved", "false_positive"))),
                            _connector="OR",
                        ),
                        name="risk_alerts_resolved_at_present_check",
                        violation_error_message="The time of the closing is set exactly when the alert is closed.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("status__in", ("active", "acknowledged")), models.Q(("dedup_key", ""), _negated=True)
                        ),
                        fields=("dedup_key",),
                        name="risk_alerts_open_dedup_key_uniq",
                        violation_error_message="The same finding is open already.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="7d7f1c7f5c200e8653fd27884010c4918c9fb43a",
                            operation="UPDATE",
                            pgid="risk_alerts_touch",
                            table="risk_alerts",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskLimit",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "limit_type",
                    models.CharField(
                        choices=[
                            ("account_leverage", "Account Leverage"),
                            ("position_size", "Position Size"),
                            ("daily_loss", "Daily Loss"),
                            ("max_drawdown", "Max Drawdown"),
                            ("exposure_limit", "Exposure Limit"),
                            ("concentration_limit", "Concentration Limit"),
                            ("order_size", "Order Size"),
                            ("open_positions", "Open Positions"),
                            ("price_collar", "Price Collar"),
                            ("message_rate", "Message Rate"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "entity_type",
                    models.CharField(
                        choices=[
                            ("global", "Global"),
                            ("user", "User"),
                            ("account", "Account"),
                            ("instrument", "Instrument"),
                            ("group", "Group"),
                        ],
                        db_default="global",
                        max_length=16,
                    ),
                ),
                (
                    "entity_id",
                    models.UUIDField(
                        blank=True, help_text="The user, account or instrument that is limited.", null=True
                    ),
                ),
                (
                    "entity_group",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="The account group that is limited (accounts.group_name).",
                        max_length=64,
                    ),
                ),
                (
                    "user_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(models.When(entity_type="user", then=models.F("entity_id"))),
                        output_field=models.UUIDField(null=True),
                    ),
                ),
                (
                    "account_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(models.When(entity_type="account", then=models.F("entity_id"))),
                        output_field=models.UUIDField(null=True),
                    ),
                ),
                (
                    "instrument_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(models.When(entity_type="instrument", then=models.F("entity_id"))),
                        output_field=models.UUIDField(null=True),
                    ),
                ),
                (
                    "limit_value",
                    config.database.fields.AmountField(
                        help_text="Money in `currency`; units; a number (open positions, messages per second, leverage); or a fraction, 1 = 100 % (drawdown, concentration, price collar)."
                    ),
                ),
                (
                    "warning_threshold",
                    config.database.fields.AmountField(
                        blank=True, help_text="Warn from here on; in the limit's unit.", null=True
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        blank=True,
                        db_column="currency",
                        db_index=False,
                        help_text="Of a limit in money; empty for counts, ratios, and an account's own currency.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                (
                    "breached_action",
                    models.CharField(
                        choices=[("reject", "Reject"), ("warn", "Warn"), ("reduce", "Reduce"), ("close", "Close")],
                        db_default="reject",
                        help_text="What a breach leads to.",
                        max_length=16,
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True)),
                ("description", models.CharField(blank=True, db_default="", max_length=255)),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "risk_limits",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "limit_type__in",
                                [
                                    "account_leverage",
                                    "position_size",
                                    "daily_loss",
                                    "max_drawdown",
                                    "exposure_limit",
                                    "concentration_limit",
                                    "order_size",
                                    "open_positions",
                                    "price_collar",
                                    "message_rate",
                                ],
                            )
                        ),
                        name="risk_limits_limit_type_check",
                        violation_error_message="limit_type is one of: account_leverage, position_size, daily_loss, max_drawdown, exposure_limit, concentration_limit, order_size, open_positions, price_collar, message_rate.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("entity_type__in", ["global", "user", "account", "instrument", "group"])),
                        name="risk_limits_entity_type_check",
                        violation_error_message="entity_type is one of: global, user, account, instrument, group.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("breached_action__in", ["reject", "warn", "reduce", "close"])),
                        name="risk_limits_breached_action_check",
                        violation_error_message="breached_action is one of: reject, warn, reduce, close.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("limit_value__gt", 0)),
                        name="risk_limits_limit_value_positive_check",
                        violation_error_message="limit_value is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("warning_threshold__isnull", True),
                            models.Q(("warning_threshold__gt", 0), ("warning_threshold__lt", models.F("limit_value"))),
                            _connector="OR",
                        ),
                        name="risk_limits_warning_below_limit_check",
                        violation_error_message="The warning comes before the limit.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(
                                    ("entity_id__isnull", False), ("entity_type__in", ("user", "account", "instrument"))
                                ),
                                models.Q(
                                    models.Q(("entity_type__in", ("user", "account", "instrument")), _negated=True),
                                    ("entity_id__isnull", True),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(("entity_type", "group"), models.Q(("entity_group", ""), _negated=True)),
                                models.Q(models.Q(("entity_type", "group"), _negated=True), ("entity_group", "")),
                                _connector="OR",
                            ),
                        ),
                        name="risk_limits_entity_named_check",
                        violation_error_message="A global limit names nothing, a group's limit the group, another the id of what it limits.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("limit_type__in", ("daily_loss", "exposure_limit")), _negated=True),
                            ("entity_type", "account"),
                            ("currency__isnull", False),
                            _connector="OR",
                        ),
                        name="risk_limits_currency_present_check",
                        violation_error_message="A limit in money that is not one account's needs a currency.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("limit_type__in", ["daily_loss", "exposure_limit", "position_size", "order_size"]),
                            ("currency__isnull", True),
                            _connector="OR",
                        ),
                        name="risk_limits_currency_of_money_check",
                        violation_error_message="A count or ratio has no currency.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("entity_type", "entity_id", "entity_group", "limit_type"),
                        name="risk_limits_active_uniq",
                        nulls_distinct=False,
                        violation_error_message="There is an active limit of this type already.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="80a1f4d9e23ad0cd9e98fd03f0de1cffe2d034b0",
                            operation="UPDATE",
                            pgid="risk_limits_touch",
                            table="risk_limits",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StressTestScenario",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                ("scenario_name", models.CharField(max_length=128)),
                (
                    "scenario_type",
                    models.CharField(
                        choices=[
                            ("market_crash", "Market Crash"),
                            ("volatility_spike", "Volatility Spike"),
                            ("liquidity_crisis", "Liquidity Crisis"),
                            ("correlation_breakdown", "Correlation Breakdown"),
                            ("black_swan", "Black Swan"),
                            ("historical", "Historical"),
                            ("custom", "Custom"),
                        ],
                        max_length=24,
                    ),
                ),
                ("description", models.TextField(blank=True, db_default="")),
                ("market_shocks", models.JSONField(help_text='Relative changes: {"EURUSD": -0.1, "volatility": 2}.')),
                ("is_active", models.BooleanField(db_default=True)),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "stress_test_scenarios",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "scenario_type__in",
                                [
                                    "market_crash",
                                    "volatility_spike",
                                    "liquidity_crisis",
                                    "correlation_breakdown",
                                    "black_swan",
                                    "historical",
                                    "custom",
                                ],
                            )
                        ),
                        name="stress_test_scenarios_scenario_type_check",
                        violation_error_message="scenario_type is one of: market_crash, volatility_spike, liquidity_crisis, correlation_breakdown, black_swan, historical, custom.",
                    ),
                    models.CheckConstraint(
                        condition=models.Func(
                            models.F("market_shocks"),
                            function="market_shocks_valid",
                            output_field=models.BooleanField(),
                        ),
                        name="stress_test_scenarios_market_shocks_check",
                        violation_error_message="Shocks map at least one factor to a number of at least -1.",
                    ),
                    models.UniqueConstraint(fields=("scenario_name",), name="stress_test_scenarios_scenario_name_uniq"),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="6ed6ff3c8cfbd19630ec611a953d717876b9a401",
                            operation="UPDATE",
                            pgid="stress_test_scenarios_touch",
                            table="stress_test_scenarios",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CircuitBreakerEvent",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "breaker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="risk.circuitbreaker",
                    ),
                ),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("triggered", "Triggered"),
                            ("reset", "Reset"),
                            ("manual_override", "Manual Override"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "trigger_value",
                    config.database.fields.AmountField(blank=True, help_text="The value that was measured.", null=True),
                ),
                (
                    "threshold_value",
                    config.database.fields.AmountField(blank=True, help_text="The threshold at that time.", null=True),
                ),
                ("affected_orders", models.IntegerField(db_default=0, help_text="Number of orders.")),
                ("affected_positions", models.IntegerField(db_default=0, help_text="Number of positions.")),
                (
                    "action_taken",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("halt_trading", "Halt Trading"),
                            ("reject_orders", "Reject Orders"),
                            ("reduce_positions", "Reduce Positions"),
                            ("alert_only", "Alert Only"),
                        ],
                        db_default="none",
                        max_length=20,
                    ),
                ),
                (
                    "triggered_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty: the system.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("note", models.TextField(blank=True, db_default="")),
            ],
            options={
                "db_table": "circuit_breaker_events",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("event_type__in", ["triggered", "reset", "manual_override"])),
                        name="circuit_breaker_events_event_type_check",
                        violation_error_message="event_type is one of: triggered, reset, manual_override.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "action_taken__in",
                                ["none", "halt_trading", "reject_orders", "reduce_positions", "alert_only"],
                            )
                        ),
                        name="circuit_breaker_events_action_taken_check",
                        violation_error_message="action_taken is one of: none, halt_trading, reject_orders, reduce_positions, alert_only.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("affected_orders__gte", 0)),
                        name="circuit_breaker_events_affected_orders_not_negative_check",
                        violation_error_message="affected_orders is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("affected_positions__gte", 0)),
                        name="circuit_breaker_events_affected_positions_not_negative_check",
                        violation_error_message="affected_positions is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("event_type", "manual_override"), _negated=True),
                            ("triggered_by__isnull", False),
                            _connector="OR",
                        ),
                        name="circuit_breaker_events_override_by_person_check",
                        violation_error_message="An override names the person who did it.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="f56b16f8765baf1d29e27d5ed49736f9155fa1d5",
                            operation="UPDATE OR DELETE",
                            pgid="circuit_breaker_events_append_only",
                            table="circuit_breaker_events",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="dc8e6255a4d11150d6fa8e315af6c55e1968dbea",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="circuit_breaker_events_append_only_truncate",
                            table="circuit_breaker_events",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskLimitBreach",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "limit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="breaches",
                        to="risk.risklimit",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.order",
                    ),
                ),
                (
                    "position",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.position",
                    ),
                ),
                ("limit_value", config.database.fields.AmountField(help_text="The limit at that time, in its unit.")),
                (
                    "actual_value",
                    config.database.fields.AmountField(help_text="What it was compared with, in the limit's unit."),
                ),
                (
                    "breach_percentage",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("actual_value"), "-", models.F("limit_value")
                                ),
                                "*",
                                models.Value(100),
                            ),
                            "/",
                            django.db.models.functions.comparison.NullIf(models.F("limit_value"), 0),
                        ),
                        help_text="How far beyond the limit, in percent of it; negative for a warning before it.",
                        output_field=models.DecimalField(decimal_places=4, max_digits=38),
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[("warning", "Warning"), ("breach", "Breach"), ("critical", "Critical")],
                        db_default="breach",
                        max_length=16,
                    ),
                ),
                (
                    "action_taken",
                    models.CharField(
                        choices=[("reject", "Reject"), ("warn", "Warn"), ("reduce", "Reduce"), ("close", "Close")],
                        max_length=16,
                    ),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("resolution_note", models.TextField(blank=True, db_default="")),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "verbose_name_plural": "risk limit breaches",
                "db_table": "risk_limit_breaches",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["warning", "breach", "critical"])),
                        name="risk_limit_breaches_severity_check",
                        violation_error_message="severity is one of: warning, breach, critical.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action_taken__in", ["reject", "warn", "reduce", "close"])),
                        name="risk_limit_breaches_action_taken_check",
                        violation_error_message="action_taken is one of: reject, warn, reduce, close.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("limit_value__gt", 0)),
                        name="risk_limit_breaches_limit_value_positive_check",
                        violation_error_message="limit_value is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("resolution_note", ""), ("resolved_at__isnull", True), ("resolved_by__isnull", True)
                            ),
                            models.Q(("resolved_at__isnull", False), ("resolved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="risk_limit_breaches_resolution_check",
                        violation_error_message="A resolution has a time and a person.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="62082ce98fda7e0c0e0b38b40b7fd5e160478aa4",
                            operation="DELETE",
                            pgid="risk_limit_breaches_append_only",
                            table="risk_limit_breaches",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="f05bd5f5a1ea07b3263fbd317b5bc1707c952ed3",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="risk_limit_breaches_append_only_truncate",
                            table="risk_limit_breaches",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="resolution",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="allow_resolution_only()",
                            func="",
                            hash="4c9ad163d8eae2569324c0dd11b9aee1be259386",
                            operation="UPDATE",
                            pgid="risk_limit_breaches_resolution",
                            table="risk_limit_breaches",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StressTestResult",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "scenario",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="risk.stresstestscenario",
                    ),
                ),
                ("run_id", models.UUIDField(help_text="The same for all accounts and scenarios of one run.")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stress_test_results",
                        to="accounts.account",
                    ),
                ),
                ("portfolio_value_before", config.database.fields.AmountField()),
                ("portfolio_value_after", config.database.fields.AmountField()),
                (
                    "loss_amount",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("portfolio_value_before"), "-", models.F("portfolio_value_after")
                        ),
                        help_text="Negative: a gain.",
                        output_field=config.database.fields.AmountField(),
                    ),
                ),
                (
                    "loss_percentage",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                portfolio_value_before__gt=0,
                                then=django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("portfolio_value_before"), "-", models.F("portfolio_value_after")
                                        ),
                                        "*",
                                        models.Value(100),
                                    ),
                                    "/",
                                    models.F("portfolio_value_before"),
                                ),
                            )
                        ),
                        help_text="Of the value before; empty where there was none; above 100 leaves a debt.",
                        output_field=models.DecimalField(decimal_places=4, max_digits=38, null=True),
                    ),
                ),
                ("margin_call_triggered", models.BooleanField(db_default=False)),
                ("liquidation_triggered", models.BooleanField(db_default=False)),
                ("positions_closed", models.IntegerField(db_default=0)),
                ("max_drawdown", config.database.fields.RatioField(db_default=0, help_text="0.1 = 10 %.")),
                ("passed", models.BooleanField()),
                ("risk_score", config.database.fields.ScoreField(db_default=0, help_text="0 (none) to 100.")),
                ("details", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "stress_test_results",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("positions_closed__gte", 0)),
                        name="stress_test_results_positions_closed_not_negative_check",
                        violation_error_message="positions_closed is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("max_drawdown__gte", 0)),
                        name="stress_test_results_max_drawdown_not_negative_check",
                        violation_error_message="max_drawdown is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("risk_score__gte", Decimal("0")), ("risk_score__lte", Decimal("100"))),
                        name="stress_test_results_risk_score_range_check",
                        violation_error_message="risk_score lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("liquidation_triggered", False), ("margin_call_triggered", True), _connector="OR"
                        ),
                        name="stress_test_results_liquidation_after_margin_call_check",
                        violation_error_message="A liquidation is preceded by a margin call.",
                    ),
                    models.UniqueConstraint(
                        fields=("run_id", "scenario", "account"), name="stress_test_results_run_uniq"
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="b7b45d540804fca8f7eb2873cc0ec920c7c346cd",
                            operation="UPDATE OR DELETE",
                            pgid="stress_test_results_append_only",
                            table="stress_test_results",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="88c0c5b9b129d9e4d2a95913b5b8da60d314e984",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="stress_test_results_append_only_truncate",
                            table="stress_test_results",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="portfoliorisk",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="e3f451441fd5b557a6e87097f0e570d99079f17c",
                    operation="UPDATE OR DELETE",
                    pgid="portfolio_risk_append_only",
                    table="portfolio_risk",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="portfoliorisk",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="a01a1b52521ad29c61c5e2f1e7bf545ff1af1e25",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="portfolio_risk_append_only_truncate",
                    table="portfolio_risk",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="positionriskmetric",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="fee6e164c15d75bd6ead1579744313a7799d6c53",
                    operation="UPDATE OR DELETE",
                    pgid="position_risk_metrics_append_only",
                    table="position_risk_metrics",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="positionriskmetric",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="8355ea00075dd78fd670307ceb0603a5f93f47c0",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="position_risk_metrics_append_only_truncate",
                    table="position_risk_metrics",
                    when="BEFORE",
                ),
            ),
        ),
    ]
