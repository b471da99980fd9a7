import datetime
from decimal import Decimal

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.fields.json
import django.db.models.functions.comparison
import django.db.models.functions.math
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
            name="ClientProfile",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
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
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "profile_type",
                    models.CharField(
                        choices=[
                            ("toxic", "Toxic"),
                            ("neutral", "Neutral"),
                            ("profitable", "Profitable"),
                            ("vip", "VIP"),
                        ],
                        db_default="neutral",
                        max_length=12,
                    ),
                ),
                ("toxicity_score", config.database.fields.ScoreField(db_default=0, help_text="0 to 100")),
                (
                    "profitability_score",
                    config.database.fields.ScoreField(db_default=50, help_text="0 to 100, 50 = breaks even"),
                ),
                (
                    "win_rate",
                    config.database.fields.RatioField(db_default=0, help_text="winning trades / trades, 1 = 100 %"),
                ),
                (
                    "avg_trade_duration_seconds",
                    config.database.fields.AmountField(
                        blank=True, help_text="seconds; empty = no closed trade", null=True
                    ),
                ),
                (
                    "avg_trade_size",
                    config.database.fields.AmountField(blank=True, help_text="lots; empty = no trade", null=True),
                ),
                (
                    "preferred_instruments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        blank=True,
                        db_default=models.Value(
                            [],
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=32), size=None
                            ),
                        ),
                        default=list,
                        help_text="symbols, most traded first",
                        size=None,
                    ),
                ),
                (
                    "trading_style",
                    models.CharField(
                        choices=[
                            ("unknown", "Unknown"),
                            ("scalping", "Scalping"),
                            ("day_trading", "Day Trading"),
                            ("swing", "Swing"),
                            ("position", "Position"),
                            ("news", "News"),
                            ("arbitrage", "Arbitrage"),
                        ],
                        db_default="unknown",
                        max_length=12,
                    ),
                ),
                ("total_trades", models.BigIntegerField(db_default=0)),
                ("total_volume", config.database.fields.AmountField(db_default=0, help_text="notional")),
                ("total_pnl", config.database.fields.AmountField(db_default=0, verbose_name="total P&L")),
                ("total_commission", config.database.fields.AmountField(db_default=0)),
                (
                    "abook_percentage",
                    config.database.fields.ScoreField(
                        db_default=0, help_text="0 to 100", verbose_name="A-book percentage"
                    ),
                ),
                (
                    "bbook_percentage",
                    config.database.fields.ScoreField(
                        db_default=100, help_text="0 to 100", verbose_name="B-book percentage"
                    ),
                ),
                (
                    "risk_category",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("extreme", "Extreme")],
                        db_default="medium",
                        max_length=10,
                    ),
                ),
                (
                    "auto_route",
                    models.BooleanField(
                        db_default=True, help_text="the router decides; otherwise the manual override does"
                    ),
                ),
                (
                    "manual_override_route",
                    models.CharField(
                        blank=True,
                        choices=[("abook", "A-book"), ("bbook", "B-book"), ("hybrid", "Hybrid")],
                        db_default="",
                        max_length=10,
                    ),
                ),
                (
                    "model_version",
                    models.CharField(blank=True, db_default="", help_text="of the scores", max_length=50),
                ),
                ("last_analyzed", models.DateTimeField(blank=True, null=True)),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "client_profiles",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("account",), name="client_profiles_account_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("profile_type__in", ["toxic", "neutral", "profitable", "vip"])),
                        name="client_profiles_profile_type_check",
                        violation_error_message="profile_type is one of: toxic, neutral, profitable, vip.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "trading_style__in",
                                ["unknown", "scalping", "day_trading", "swing", "position", "news", "arbitrage"],
                            )
                        ),
                        name="client_profiles_trading_style_check",
                        violation_error_message="trading_style is one of: unknown, scalping, day_trading, swing, position, news, arbitrage.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("risk_category__in", ["low", "medium", "high", "extreme"])),
                        name="client_profiles_risk_category_check",
                        violation_error_message="risk_category is one of: low, medium, high, extreme.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("toxicity_score__gte", Decimal("0")), ("toxicity_score__lte", Decimal("100"))
                        ),
                        name="client_profiles_toxicity_score_range_check",
                        violation_error_message="toxicity_score lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("profitability_score__gte", Decimal("0")), ("profitability_score__lte", Decimal("100"))
                        ),
                        name="client_profiles_profitability_score_range_check",
                        violation_error_message="profitability_score lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("win_rate__gte", Decimal("0")), ("win_rate__lte", Decimal("1"))),
                        name="client_profiles_win_rate_range_check",
                        violation_error_message="win_rate lies between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("avg_trade_duration_seconds__gte", 0)),
                        name="client_profiles_avg_trade_duration_seconds_not_negative_check",
                        violation_error_message="avg_trade_duration_seconds is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("avg_trade_size__gte", 0)),
                        name="client_profiles_avg_trade_size_not_negative_check",
                        violation_error_message="avg_trade_size is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_trades__gte", 0)),
                        name="client_profiles_total_trades_not_negative_check",
                        violation_error_message="total_trades is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_volume__gte", 0)),
                        name="client_profiles_total_volume_not_negative_check",
                        violation_error_message="total_volume is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("abook_percentage__gte", Decimal("0")), ("abook_percentage__lte", Decimal("100"))
                        ),
                        name="client_profiles_abook_percentage_range_check",
                        violation_error_message="abook_percentage lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bbook_percentage__gte", Decimal("0")), ("bbook_percentage__lte", Decimal("100"))
                        ),
                        name="client_profiles_bbook_percentage_range_check",
                        violation_error_message="bbook_percentage lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "abook_percentage",
                                django.db.models.expressions.CombinedExpression(
                                    models.Value(100), "-", models.F("bbook_percentage")
                                ),
                            )
                        ),
                        name="client_profiles_percentages_sum_check",
                        violation_error_message="The A-book and B-book percentages add up to 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("manual_override_route__in", ["", "abook", "bbook", "hybrid"])),
                        name="client_profiles_manual_override_route_check",
                        violation_error_message="The manual override is one of: abook, bbook, hybrid, or empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("auto_route", True), ("manual_override_route", "")),
                            models.Q(("auto_route", False), models.Q(("manual_override_route", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="client_profiles_override_iff_manual_check",
                        violation_error_message="A manual override is there if, and only if, automatic routing is off.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="342a704bfb74ac923401fca53593334a52d21e41",
                            operation="UPDATE",
                            pgid="client_profiles_touch",
                            table="client_profiles",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LiquidityProvider",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "provider_type",
                    models.CharField(
                        choices=[
                            ("prime_broker", "Prime Broker"),
                            ("exchange", "Exchange"),
                            ("market_maker", "Market Maker"),
                            ("aggregator", "Aggregator"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "protocol",
                    models.CharField(
                        choices=[
                            ("fix", "FIX"),
                            ("rest", "REST"),
                            ("websocket", "Websocket"),
                            ("proprietary", "Proprietary"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "lei",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="legal entity identifier, ISO 17442: 20 characters",
                        max_length=20,
                        verbose_name="LEI",
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True)),
                ("priority", models.IntegerField(db_default=100, help_text="the router asks the lowest number first")),
                ("min_order_size", config.database.fields.AmountField(db_default=0, help_text="lots")),
                (
                    "max_order_size",
                    config.database.fields.AmountField(blank=True, help_text="lots; empty = no limit", null=True),
                ),
                (
                    "supported_instruments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        blank=True,
                        db_default=models.Value(
                            [],
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=32), size=None
                            ),
                        ),
                        default=list,
                        help_text="symbols that the provider announces; what is traded with it is in LP instruments",
                        size=None,
                    ),
                ),
                (
                    "connection_string",
                    models.TextField(blank=True, db_default="", help_text="address of the session, without secrets"),
                ),
                (
                    "api_key",
                    config.database.fields.EncryptedTextField(blank=True, db_default="", verbose_name="API key"),
                ),
                (
                    "api_secret",
                    config.database.fields.EncryptedTextField(blank=True, db_default="", verbose_name="API secret"),
                ),
                (
                    "connection_status",
                    models.CharField(
                        choices=[
                            ("connected", "Connected"),
                            ("disconnected", "Disconnected"),
                            ("error", "Error"),
                            ("maintenance", "Maintenance"),
                        ],
                        db_default="disconnected",
                        max_length=20,
                    ),
                ),
                ("last_heartbeat", models.DateTimeField(blank=True, null=True)),
                (
                    "latency_ms",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="milliseconds, round trip; empty = not measured",
                        max_digits=10,
                        null=True,
                    ),
                ),
                (
                    "uptime_percentage",
                    config.database.fields.ScoreField(
                        blank=True, help_text="0 to 100; empty = not measured", null=True
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        blank=True,
                        db_column="currency",
                        db_index=False,
                        help_text="of the volume",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                (
                    "total_volume_24h",
                    config.database.fields.AmountField(
                        db_default=0, help_text="notional in `currency`, rolling 24 hours"
                    ),
                ),
                ("total_trades_24h", models.BigIntegerField(db_default=0)),
                ("config", config.database.fields.MetadataField(help_text="session settings; never secrets")),
            ],
            options={
                "db_table": "liquidity_providers",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at__isnull", True)),
                        fields=("name",),
                        name="liquidity_providers_name_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="liquidity_providers_name_present_check",
                        violation_error_message="A provider has a name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("provider_type__in", ["prime_broker", "exchange", "market_maker", "aggregator"])
                        ),
                        name="liquidity_providers_provider_type_check",
                        violation_error_message="provider_type is one of: prime_broker, exchange, market_maker, aggregator.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("protocol__in", ["fix", "rest", "websocket", "proprietary"])),
                        name="liquidity_providers_protocol_check",
                        violation_error_message="protocol is one of: fix, rest, websocket, proprietary.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("connection_status__in", ["connected", "disconnected", "error", "maintenance"])
                        ),
                        name="liquidity_providers_connection_status_check",
                        violation_error_message="connection_status is one of: connected, disconnected, error, maintenance.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lei", ""), ("lei__regex", "^[A-Z0-9]{18}[0-9]{2}$"), _connector="OR"),
                        name="liquidity_providers_lei_format_check",
                        violation_error_message="An LEI has 18 capital letters or digits and two check digits.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "connection_string__iregex",
                                "://[^/?#]*:[^/?#@]*@|(password|passwd|pwd|secret|token|api_?key)\\s*=",
                            ),
                            _negated=True,
                        ),
                        name="liquidity_providers_connection_string_without_secret_check",
                        violation_error_message="The address holds a secret: put it into API key or API secret, where it is encrypted.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__gte", 0)),
                        name="liquidity_providers_priority_not_negative_check",
                        violation_error_message="priority is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_order_size__gte", 0)),
                        name="liquidity_providers_min_order_size_not_negative_check",
                        violation_error_message="min_order_size is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_order_size__isnull", True),
                            models.Q(("max_order_size__gt", 0), ("max_order_size__gte", models.F("min_order_size"))),
                            _connector="OR",
                        ),
                        name="liquidity_providers_order_size_order_check",
                        violation_error_message="The largest order is greater than zero and not below the smallest.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("latency_ms__gte", 0)),
                        name="liquidity_providers_latency_ms_not_negative_check",
                        violation_error_message="latency_ms is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("uptime_percentage__gte", Decimal("0")), ("uptime_percentage__lte", Decimal("100"))
                        ),
                        name="liquidity_providers_uptime_percentage_range_check",
                        violation_error_message="uptime_percentage lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_volume_24h__gte", 0)),
                        name="liquidity_providers_total_volume_24h_not_negative_check",
                        violation_error_message="total_volume_24h is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_trades_24h__gte", 0)),
                        name="liquidity_providers_total_trades_24h_not_negative_check",
                        violation_error_message="total_trades_24h is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_volume_24h", 0), ("currency__isnull", False), _connector="OR"),
                        name="liquidity_providers_volume_has_currency_check",
                        violation_error_message="A volume has a currency.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="98b79630c329b7e91d4cc14de8852cfeeed76b22",
                            operation="UPDATE",
                            pgid="liquidity_providers_touch",
                            table="liquidity_providers",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="soft_delete",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="soft_delete()",
                            func="",
                            hash="17826a1a5d542a1285e0509b664bb12ee6b1cd32",
                            operation="DELETE",
                            pgid="liquidity_providers_soft_delete",
                            table="liquidity_providers",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SorRule",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                ("rule_name", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True, db_default="")),
                (
                    "rule_type",
                    models.CharField(
                        choices=[
                            ("abook", "A-book"),
                            ("bbook", "B-book"),
                            ("hybrid", "Hybrid"),
                            ("conditional", "Conditional"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "priority",
                    models.IntegerField(help_text="the lowest number is tried first; unique among active rules"),
                ),
                (
                    "conditions",
                    models.JSONField(
                        help_text='fact: {comparison: value}, all must hold; example: {"notional": {"gte": 100000}}'
                    ),
                ),
                ("actions", models.JSONField(help_text='{"route": "abook" | "bbook" | "hybrid", …}')),
                (
                    "fallback_action",
                    models.CharField(
                        choices=[("abook", "A-book"), ("bbook", "B-book"), ("hybrid", "Hybrid"), ("reject", "Reject")],
                        db_default="reject",
                        help_text="when the route cannot be taken",
                        max_length=10,
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True)),
                ("valid_from", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                (
                    "valid_until",
                    models.DateTimeField(blank=True, help_text="exclusive; empty = without end", null=True),
                ),
            ],
            options={
                "verbose_name": "SOR rule",
                "db_table": "sor_rules",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("rule_name",), name="sor_rules_rule_name_uniq"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("priority",),
                        name="sor_rules_active_priority_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rule_name", ""), _negated=True),
                        name="sor_rules_rule_name_present_check",
                        violation_error_message="A rule has a name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rule_type__in", ["abook", "bbook", "hybrid", "conditional"])),
                        name="sor_rules_rule_type_check",
                        violation_error_message="rule_type is one of: abook, bbook, hybrid, conditional.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fallback_action__in", ["abook", "bbook", "hybrid", "reject"])),
                        name="sor_rules_fallback_action_check",
                        violation_error_message="fallback_action is one of: abook, bbook, hybrid, reject.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__gte", 0)),
                        name="sor_rules_priority_not_negative_check",
                        violation_error_message="priority is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Func(
                                models.F("conditions"),
                                function="sor_conditions_valid",
                                output_field=models.BooleanField(),
                            )
                        ),
                        name="sor_rules_conditions_valid_check",
                        violation_error_message="Conditions map known facts to known comparisons: see liquidity/README.md.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Func(
                                models.F("actions"), function="sor_actions_valid", output_field=models.BooleanField()
                            )
                        ),
                        name="sor_rules_actions_valid_check",
                        violation_error_message="Actions name a route, and a percentage if it is hybrid: see liquidity/README.md.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rule_type", "conditional"),
                            ("rule_type", django.db.models.fields.json.KeyTextTransform("route", "actions")),
                            _connector="OR",
                        ),
                        name="sor_rules_type_matches_route_check",
                        violation_error_message="An A-book, B-book or hybrid rule routes there; only a conditional one may route anywhere.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_from__lt", models.F("valid_until")), _connector="OR"
                        ),
                        name="sor_rules_valid_period_check",
                        violation_error_message="A rule begins before it ends.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="06c373fc5fe71dc44cc60656725586ca23d665b7",
                            operation="UPDATE",
                            pgid="sor_rules_touch",
                            table="sor_rules",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LpExposure",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "provider",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="liquidity.liquidityprovider",
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
                ("long_exposure", config.database.fields.AmountField(db_default=0, help_text="notional in `currency`")),
                (
                    "short_exposure",
                    config.database.fields.AmountField(
                        db_default=0, help_text="notional in `currency`, as a positive number"
                    ),
                ),
                (
                    "net_exposure",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("long_exposure"), "-", models.F("short_exposure")
                        ),
                        help_text="long - short",
                        output_field=models.DecimalField(decimal_places=8, max_digits=24),
                    ),
                ),
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
                (
                    "unrealized_pnl",
                    config.database.fields.AmountField(
                        db_default=0, help_text="in `currency`", verbose_name="unrealized P&L"
                    ),
                ),
                (
                    "realized_pnl_24h",
                    config.database.fields.AmountField(
                        db_default=0, help_text="in `currency`, rolling 24 hours", verbose_name="realized P&L 24h"
                    ),
                ),
                (
                    "volume_24h",
                    config.database.fields.AmountField(
                        db_default=0, help_text="notional in `currency`, rolling 24 hours"
                    ),
                ),
                (
                    "exposure_limit",
                    config.database.fields.AmountField(
                        blank=True, help_text="of |net|, in `currency`; empty = no limit", null=True
                    ),
                ),
                (
                    "risk_utilization",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                exposure_limit__gt=0,
                                then=django.db.models.functions.comparison.Cast(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.functions.math.Abs(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("long_exposure"), "-", models.F("short_exposure")
                                            )
                                        ),
                                        "/",
                                        models.F("exposure_limit"),
                                    ),
                                    models.DecimalField(decimal_places=8, max_digits=24),
                                ),
                            ),
                            default=None,
                        ),
                        help_text="|net| / limit, 1 = 100 %; empty without a limit",
                        null=True,
                        output_field=models.DecimalField(decimal_places=8, max_digits=24),
                    ),
                ),
            ],
            options={
                "verbose_name": "LP exposure",
                "db_table": "lp_exposure",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "instrument"), name="lp_exposure_provider_instrument_uniq"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("long_exposure__gte", 0)),
                        name="lp_exposure_long_exposure_not_negative_check",
                        violation_error_message="long_exposure is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("short_exposure__gte", 0)),
                        name="lp_exposure_short_exposure_not_negative_check",
                        violation_error_message="short_exposure is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("volume_24h__gte", 0)),
                        name="lp_exposure_volume_24h_not_negative_check",
                        violation_error_message="volume_24h is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("exposure_limit__isnull", True), ("exposure_limit__gt", 0), _connector="OR"
                        ),
                        name="lp_exposure_exposure_limit_positive_check",
                        violation_error_message="A limit is greater than zero; without a limit it is empty.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="d013d82a7b15474a83463e07ac7fd1bc09f7c98e",
                            operation="UPDATE",
                            pgid="lp_exposure_touch",
                            table="lp_exposure",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LpInstrument",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "provider",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instruments",
                        to="liquidity.liquidityprovider",
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
                ("lp_symbol", models.CharField(max_length=64, verbose_name="LP symbol")),
                ("is_enabled", models.BooleanField(db_default=True)),
                ("min_quantity", config.database.fields.AmountField(db_default=0, help_text="lots")),
                (
                    "max_quantity",
                    config.database.fields.AmountField(blank=True, help_text="lots; empty = no limit", null=True),
                ),
                (
                    "tick_size",
                    config.database.fields.AmountField(
                        blank=True, help_text="price step there; empty = the instrument's own", null=True
                    ),
                ),
                (
                    "commission_rate",
                    config.database.fields.RatioField(
                        db_default=0, help_text="of the notional, 1 = 100 %; negative = rebate"
                    ),
                ),
                (
                    "markup_bps",
                    config.database.fields.RatioField(
                        db_default=0, help_text="basis points added to the client's price"
                    ),
                ),
                (
                    "spread_markup_bps",
                    config.database.fields.RatioField(
                        db_default=0, help_text="basis points by which the client's spread is wider"
                    ),
                ),
                ("priority", models.IntegerField(db_default=100, help_text="the router asks the lowest number first")),
                (
                    "max_slippage_bps",
                    config.database.fields.RatioField(
                        blank=True, help_text="basis points; empty = no limit", null=True
                    ),
                ),
                (
                    "trading_hours",
                    config.database.fields.MetadataField(
                        help_text="the provider's sessions where they differ from the instrument's"
                    ),
                ),
            ],
            options={
                "verbose_name": "LP instrument",
                "db_table": "lp_instruments",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "instrument"), name="lp_instruments_provider_instrument_uniq"
                    ),
                    models.UniqueConstraint(
                        fields=("provider", "lp_symbol"),
                        include=("instrument",),
                        name="lp_instruments_provider_symbol_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lp_symbol", ""), _negated=True),
                        name="lp_instruments_lp_symbol_present_check",
                        violation_error_message="An instrument has a symbol at its provider.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_quantity__gte", 0)),
                        name="lp_instruments_min_quantity_not_negative_check",
                        violation_error_message="min_quantity is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_quantity__isnull", True),
                            models.Q(("max_quantity__gt", 0), ("max_quantity__gte", models.F("min_quantity"))),
                            _connector="OR",
                        ),
                        name="lp_instruments_quantity_order_check",
                        violation_error_message="The largest quantity is greater than zero and not below the smallest.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tick_size__gt", 0)),
                        name="lp_instruments_tick_size_positive_check",
                        violation_error_message="tick_size is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("commission_rate__gte", Decimal("-1")), ("commission_rate__lte", Decimal("1"))
                        ),
                        name="lp_instruments_commission_rate_range_check",
                        violation_error_message="commission_rate lies between -1 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("markup_bps__gte", 0)),
                        name="lp_instruments_markup_bps_not_negative_check",
                        violation_error_message="markup_bps is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("spread_markup_bps__gte", 0)),
                        name="lp_instruments_spread_markup_bps_not_negative_check",
                        violation_error_message="spread_markup_bps is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__gte", 0)),
                        name="lp_instruments_priority_not_negative_check",
                        violation_error_message="priority is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("max_slippage_bps__gte", 0)),
                        name="lp_instruments_max_slippage_bps_not_negative_check",
                        violation_error_message="max_slippage_bps is not negative.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="4999bba0d7172c82ba169eda9f912f68c48d3f7c",
                            operation="UPDATE",
                            pgid="lp_instruments_touch",
                            table="lp_instruments",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LpOrderRouting",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.order",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="liquidity.liquidityprovider",
                    ),
                ),
                (
                    "routing_decision",
                    models.CharField(
                        choices=[
                            ("abook", "A-book"),
                            ("bbook", "B-book"),
                            ("hybrid", "Hybrid"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="liquidity.sorrule",
                    ),
                ),
                (
                    "capacity",
                    models.CharField(
                        choices=[
                            ("DEAL", "Dealing on own account"),
                            ("MTCH", "Matched principal"),
                            ("AOTC", "Any other capacity"),
                        ],
                        db_default="DEAL",
                        help_text="RTS 22, field 29",
                        max_length=4,
                    ),
                ),
                (
                    "quantity",
                    config.database.fields.AmountField(
                        blank=True, help_text="lots sent there; empty = the whole order", null=True
                    ),
                ),
                (
                    "routing_score",
                    config.database.fields.ScoreField(blank=True, help_text="0 to 100; empty = not scored", null=True),
                ),
                ("routing_reason", models.TextField(blank=True, db_default="")),
                ("expected_fill_price", config.database.fields.AmountField(blank=True, null=True)),
                ("actual_fill_price", config.database.fields.AmountField(blank=True, null=True)),
                (
                    "slippage",
                    config.database.fields.AmountField(
                        blank=True, help_text="price units, positive = worse for the client", null=True
                    ),
                ),
                (
                    "commission",
                    config.database.fields.AmountField(
                        db_default=0, help_text="in `commission_currency`; negative = rebate"
                    ),
                ),
                (
                    "commission_currency",
                    models.ForeignKey(
                        blank=True,
                        db_column="commission_currency",
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                (
                    "routing_latency_ms",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="milliseconds from the order to the decision",
                        max_digits=12,
                        null=True,
                    ),
                ),
                (
                    "execution_latency_ms",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="milliseconds from the decision to the fill",
                        max_digits=12,
                        null=True,
                    ),
                ),
                ("success", models.BooleanField(blank=True, help_text="empty = not answered yet", null=True)),
                ("error_message", models.TextField(blank=True, db_default="")),
                ("routed_at", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("executed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "LP order routing",
                "db_table": "lp_order_routing",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("routing_decision__in", ["abook", "bbook", "hybrid", "rejected"])),
                        name="lp_order_routing_routing_decision_check",
                        violation_error_message="routing_decision is one of: abook, bbook, hybrid, rejected.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("capacity__in", ["DEAL", "MTCH", "AOTC"])),
                        name="lp_order_routing_capacity_check",
                        violation_error_message="capacity is one of: DEAL, MTCH, AOTC.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("provider__isnull", False), ("routing_decision", "bbook"), _connector="OR"),
                        name="lp_order_routing_provider_unless_bbook_check",
                        violation_error_message="Only the B-book does without a provider.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)),
                        name="lp_order_routing_quantity_positive_check",
                        violation_error_message="quantity is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("routing_score__gte", Decimal("0")), ("routing_score__lte", Decimal("100"))
                        ),
                        name="lp_order_routing_routing_score_range_check",
                        violation_error_message="routing_score lies between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expected_fill_price__gt", 0)),
                        name="lp_order_routing_expected_fill_price_positive_check",
                        violation_error_message="expected_fill_price is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("actual_fill_price__gt", 0)),
                        name="lp_order_routing_actual_fill_price_positive_check",
                        violation_error_message="actual_fill_price is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("commission", 0), ("commission_currency__isnull", False), _connector="OR"),
                        name="lp_order_routing_commission_has_currency_check",
                        violation_error_message="A commission has a currency.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("routing_latency_ms__gte", 0)),
                        name="lp_order_routing_routing_latency_ms_not_negative_check",
                        violation_error_message="routing_latency_ms is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("execution_latency_ms__gte", 0)),
                        name="lp_order_routing_execution_latency_ms_not_negative_check",
                        violation_error_message="execution_latency_ms is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("success", False),
                                ("success__isnull", False),
                                models.Q(("error_message", ""), _negated=True),
                            ),
                            models.Q(
                                ("error_message", ""),
                                models.Q(("success", True), ("success__isnull", True), _connector="OR"),
                            ),
                            _connector="OR",
                        ),
                        name="lp_order_routing_failure_has_reason_check",
                        violation_error_message="An error message is there if, and only if, the routing failed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("success__isnull", True),
                            ("success", False),
                            models.Q(("actual_fill_price__isnull", False), ("executed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="lp_order_routing_success_has_price_check",
                        violation_error_message="A success has its fill price and its time.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("routing_decision", "rejected"), _negated=True),
                            ("success", False),
                            ("success__isnull", True),
                            _connector="OR",
                        ),
                        name="lp_order_routing_rejected_without_success_check",
                        violation_error_message="A rejected routing is no success.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("acknowledged_at__isnull", True),
                            ("acknowledged_at__gte", models.F("routed_at")),
                            _connector="OR",
                        ),
                        name="lp_order_routing_acknowledged_after_routed_check",
                        violation_error_message="The acknowledgement is not earlier than the routing.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("executed_at__isnull", True),
                            models.Q(
                                ("executed_at__gte", models.F("routed_at")),
                                models.Q(
                                    ("acknowledged_at__isnull", True),
                                    ("executed_at__gte", models.F("acknowledged_at")),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="lp_order_routing_executed_after_routed_check",
                        violation_error_message="The execution is not earlier than the routing and its acknowledgement.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="732a1bd4cd6fdd1ca3a11ed043eee0a4d3266e46",
                            operation="UPDATE",
                            pgid="lp_order_routing_touch",
                            table="lp_order_routing",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LpPerformanceMetric",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "provider",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="liquidity.liquidityprovider",
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="empty = all instruments together",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.instrument",
                    ),
                ),
                ("time_bucket", models.DateTimeField(help_text="begin of the bucket")),
                (
                    "bucket_interval",
                    models.CharField(
                        choices=[
                            ("1m", "1 minute"),
                            ("5m", "5 minutes"),
                            ("15m", "15 minutes"),
                            ("1h", "1 hour"),
                            ("1d", "1 day"),
                        ],
                        max_length=3,
                    ),
                ),
                ("quote_count", models.BigIntegerField(db_default=0)),
                ("stale_quote_count", models.BigIntegerField(db_default=0)),
                (
                    "spread_bps_sum",
                    config.database.fields.AmountField(db_default=0, help_text="basis points, over all quotes"),
                ),
                ("order_count", models.BigIntegerField(db_default=0, help_text="orders sent")),
                ("fill_count", models.BigIntegerField(db_default=0, help_text="orders filled, wholly or partly")),
                ("reject_count", models.BigIntegerField(db_default=0)),
                ("timeout_count", models.BigIntegerField(db_default=0)),
                ("quantity_requested", config.database.fields.AmountField(db_default=0, help_text="lots")),
                ("quantity_filled", config.database.fields.AmountField(db_default=0, help_text="lots")),
                ("notional_filled", config.database.fields.AmountField(db_default=0, help_text="in `currency`")),
                (
                    "currency",
                    models.ForeignKey(
                        blank=True,
                        db_column="currency",
                        db_index=False,
                        help_text="of the notional",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                (
                    "slippage_bps_sum",
                    config.database.fields.AmountField(
                        db_default=0, help_text="basis points, positive = worse for the client"
                    ),
                ),
                ("slippage_count", models.BigIntegerField(db_default=0, help_text="fills whose slippage is known")),
                (
                    "latency_ms_sum",
                    config.database.fields.AmountField(db_default=0, help_text="milliseconds, over all answers"),
                ),
                ("latency_count", models.BigIntegerField(db_default=0, help_text="answers whose latency is known")),
                (
                    "latency_ms_max",
                    config.database.fields.AmountField(
                        db_default=0, help_text="milliseconds; merges by taking the greater"
                    ),
                ),
                ("downtime_seconds", config.database.fields.AmountField(db_default=0, help_text="seconds")),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "verbose_name": "LP performance metric",
                "db_table": "lp_performance_metrics",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "bucket_interval", "instrument", "time_bucket"),
                        name="lp_performance_metrics_bucket_uniq",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bucket_interval__in", ["1m", "5m", "15m", "1h", "1d"])),
                        name="lp_performance_metrics_bucket_interval_check",
                        violation_error_message="bucket_interval is one of: 1m, 5m, 15m, 1h, 1d.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "time_bucket",
                                models.Func(
                                    models.Case(
                                        models.When(
                                            bucket_interval="1m", then=models.Value(datetime.timedelta(seconds=60))
                                        ),
                                        models.When(
                                            bucket_interval="5m", then=models.Value(datetime.timedelta(seconds=300))
                                        ),
                                        models.When(
                                            bucket_interval="15m", then=models.Value(datetime.timedelta(seconds=900))
                                        ),
                                        models.When(
                                            bucket_interval="1h", then=models.Value(datetime.timedelta(seconds=3600))
                                        ),
                                        models.When(
                                            bucket_interval="1d", then=models.Value(datetime.timedelta(days=1))
                                        ),
                                    ),
                                    models.F("time_bucket"),
                                    models.Value(datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)),
                                    function="date_bin",
                                    output_field=models.DateTimeField(),
                                ),
                            )
                        ),
                        name="lp_performance_metrics_time_bucket_aligned_check",
                        violation_error_message="A bucket begins at a whole multiple of its length, in UTC.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stale_quote_count__gte", 0)),
                        name="lp_performance_metrics_stale_quote_count_not_negative_check",
                        violation_error_message="stale_quote_count is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("spread_bps_sum__gte", 0)),
                        name="lp_performance_metrics_spread_bps_sum_not_negative_check",
                        violation_error_message="spread_bps_sum is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fill_count__gte", 0)),
                        name="lp_performance_metrics_fill_count_not_negative_check",
                        violation_error_message="fill_count is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reject_count__gte", 0)),
                        name="lp_performance_metrics_reject_count_not_negative_check",
                        violation_error_message="reject_count is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("timeout_count__gte", 0)),
                        name="lp_performance_metrics_timeout_count_not_negative_check",
                        violation_error_message="timeout_count is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity_filled__gte", 0)),
                        name="lp_performance_metrics_quantity_filled_not_negative_check",
                        violation_error_message="quantity_filled is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("notional_filled__gte", 0)),
                        name="lp_performance_metrics_notional_filled_not_negative_check",
                        violation_error_message="notional_filled is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("slippage_count__gte", 0)),
                        name="lp_performance_metrics_slippage_count_not_negative_check",
                        violation_error_message="slippage_count is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("latency_ms_sum__gte", 0)),
                        name="lp_performance_metrics_latency_ms_sum_not_negative_check",
                        violation_error_message="latency_ms_sum is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("latency_count__gte", 0)),
                        name="lp_performance_metrics_latency_count_not_negative_check",
                        violation_error_message="latency_count is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("latency_ms_max__gte", 0)),
                        name="lp_performance_metrics_latency_ms_max_not_negative_check",
                        violation_error_message="latency_ms_max is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("downtime_seconds__gte", 0)),
                        name="lp_performance_metrics_downtime_seconds_not_negative_check",
                        violation_error_message="downtime_seconds is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stale_quote_count__lte", models.F("quote_count"))),
                        name="lp_performance_metrics_stale_quotes_within_quotes_check",
                        violation_error_message="No more quotes are stale than there were.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "order_count__gte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("fill_count"), "+", models.F("reject_count")
                                    ),
                                    "+",
                                    models.F("timeout_count"),
                                ),
                            )
                        ),
                        name="lp_performance_metrics_answers_within_orders_check",
                        violation_error_message="An order ends as a fill, a reject or a time-out, at most one of them.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity_filled__lte", models.F("quantity_requested"))),
                        name="lp_performance_metrics_quantity_filled_within_requested_check",
                        violation_error_message="No more is filled than was asked for.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("notional_filled", 0), ("currency__isnull", False), _connector="OR"),
                        name="lp_performance_metrics_notional_has_currency_check",
                        violation_error_message="A notional has a currency.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="6f6dbe46f4ee9374826711cf254b0665f7f01294",
                            operation="UPDATE",
                            pgid="lp_performance_metrics_touch",
                            table="lp_performance_metrics",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="LpQuote",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("quoted_at", models.DateTimeField(help_text="the provider's time")),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.contrib.postgres.functions.TransactionNow(), help_text="when it reached us"
                    ),
                ),
                (
                    "sequence_number",
                    models.BigIntegerField(
                        blank=True, help_text="the provider's own; empty = it gives none", null=True
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="liquidity.liquidityprovider",
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.instrument",
                    ),
                ),
                (
                    "is_stale",
                    models.BooleanField(db_default=False, help_text="older on arrival than the provider's limit"),
                ),
                ("bid", config.database.fields.AmountField()),
                ("ask", config.database.fields.AmountField()),
                (
                    "bid_size",
                    config.database.fields.AmountField(
                        blank=True, help_text="lots; empty = the provider does not say", null=True
                    ),
                ),
                (
                    "ask_size",
                    config.database.fields.AmountField(
                        blank=True, help_text="lots; empty = the provider does not say", null=True
                    ),
                ),
                (
                    "spread_bps",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                bid__gt=0,
                                then=django.db.models.functions.comparison.Cast(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("ask"), "-", models.F("bid")
                                            ),
                                            "*",
                                            models.Value(Decimal("20000")),
                                        ),
                                        "/",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("ask"), "+", models.F("bid")
                                        ),
                                    ),
                                    models.DecimalField(decimal_places=4, max_digits=9),
                                ),
                            ),
                            default=None,
                        ),
                        help_text="(ask - bid) / mid, in basis points",
                        null=True,
                        output_field=models.DecimalField(decimal_places=4, max_digits=9),
                    ),
                ),
            ],
            options={
                "verbose_name": "LP quote",
                "db_table": "lp_quotes",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["instrument", "provider", "quoted_at"], name="lp_quotes_source_idx"),
                    django.contrib.postgres.indexes.BrinIndex(fields=["quoted_at"], name="lp_quotes_quoted_at_idx"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("bid__gt", 0)),
                        name="lp_quotes_bid_positive_check",
                        violation_error_message="bid is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bid__lte", models.F("ask"))),
                        name="lp_quotes_bid_not_above_ask_check",
                        violation_error_message="The bid is not above the ask.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bid_size__gte", 0)),
                        name="lp_quotes_bid_size_not_negative_check",
                        violation_error_message="bid_size is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ask_size__gte", 0)),
                        name="lp_quotes_ask_size_not_negative_check",
                        violation_error_message="ask_size is not negative.",
                    ),
                ],
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["quoted_at"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lpquote",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="d97f75cb3ffe33fa7689724b1f0ee7c6b38caf00",
                    operation="UPDATE OR DELETE",
                    pgid="lp_quotes_append_only",
                    table="lp_quotes",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lpquote",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="eaaaf6974544de7af548eccde7f7c8aee1bfb21b",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="lp_quotes_append_only_truncate",
                    table="lp_quotes",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lpquote",
            trigger=pgtrigger.compiler.Trigger(
                name="known_sources",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_unknown_quote_sources()",
                    func="",
                    hash="f5e96f291d75a59e42414fc6bdc5ca99748b959a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="lp_quotes_known_sources",
                    referencing="REFERENCING NEW TABLE AS arrived ",
                    table="lp_quotes",
                    when="AFTER",
                ),
            ),
        ),
    ]
