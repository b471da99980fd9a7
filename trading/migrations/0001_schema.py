from decimal import Decimal

import config.database.constraints
import django.contrib.postgres.constraints
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.math
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


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("database", "0004_partitions"),
        ("accounts", "0001_schema"),
        ("accounts", "0001_schema"),
    ]

    operations = [
        migrations.CreateModel(
            name="Instrument",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("symbol", models.CharField(help_text="Upper case, as in EURUSD.", max_length=32)),
                ("display_name", models.CharField(blank=True, db_default="", max_length=128)),
                (
                    "instrument_type",
                    models.CharField(
                        choices=[
                            ("forex", "Forex"),
                            ("crypto", "Crypto"),
                            ("cfd", "CFD"),
                            ("commodity", "Commodity"),
                            ("index", "Index"),
                            ("stock", "Stock"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "base_currency",
                    models.ForeignKey(
                        blank=True,
                        db_column="base_currency",
                        db_index=False,
                        help_text="What is bought and sold; empty if that is no currency.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                (
                    "quote_currency",
                    models.ForeignKey(
                        db_column="quote_currency",
                        db_index=False,
                        help_text="What prices are in.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                (
                    "tick_size",
                    config.database.fields.AmountField(help_text="Smallest step of a price, in quote currency."),
                ),
                ("min_quantity", config.database.fields.AmountField(help_text="Smallest order, in contracts.")),
                ("max_quantity", config.database.fields.AmountField(help_text="Largest order, in contracts.")),
                (
                    "quantity_step",
                    config.database.fields.AmountField(help_text="Smallest step of a quantity, in contracts."),
                ),
                (
                    "contract_size",
                    config.database.fields.AmountField(help_text="Units of the underlying in one contract."),
                ),
                (
                    "leverage_max",
                    config.database.fields.RatioField(db_default=1, help_text="Highest leverage: 30 means 30 : 1."),
                ),
                (
                    "margin_rate",
                    config.database.fields.RatioField(
                        db_default=1, help_text="Initial margin as a ratio of the notional."
                    ),
                ),
                (
                    "commission_rate",
                    config.database.fields.RatioField(db_default=0, help_text="Commission as a ratio of the notional."),
                ),
                (
                    "swap_long",
                    config.database.fields.RatioField(
                        db_default=0,
                        help_text="Paid to a long position per night, ratio of the notional; negative: the client pays.",
                    ),
                ),
                (
                    "swap_short",
                    config.database.fields.RatioField(
                        db_default=0,
                        help_text="Paid to a short position per night, ratio of the notional; negative: the client pays.",
                    ),
                ),
                (
                    "isin",
                    models.CharField(
                        blank=True, db_default="", help_text="ISO 6166.", max_length=12, verbose_name="ISIN"
                    ),
                ),
                (
                    "cfi_code",
                    models.CharField(
                        blank=True, db_default="", help_text="ISO 10962.", max_length=6, verbose_name="CFI code"
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
                (
                    "time_zone",
                    models.CharField(
                        db_default="UTC",
                        help_text="IANA name of the zone that the trading sessions are told in.",
                        max_length=64,
                    ),
                ),
                (
                    "trading_hours",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="As published to clients; the sessions table is what counts.",
                    ),
                ),
                ("is_tradable", models.BooleanField(db_default=True, help_text="New orders are taken.")),
                ("is_active", models.BooleanField(db_default=True, help_text="Prices are kept.")),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "instruments",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at__isnull", True)),
                        fields=("symbol",),
                        name="instruments_symbol_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("symbol__regex", "^[A-Z0-9][A-Z0-9._/-]*$")),
                        name="instruments_symbol_check",
                        violation_error_message="A symbol has capital letters, digits and . _ / - only.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("instrument_type__in", ["forex", "crypto", "cfd", "commodity", "index", "stock"])
                        ),
                        name="instruments_instrument_type_check",
                        violation_error_message="instrument_type is one of: forex, crypto, cfd, commodity, index, stock.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("esma_class__in", ["fx_major", "fx_minor_gold_index", "commodity", "equity", "crypto"])
                        ),
                        name="instruments_esma_class_check",
                        violation_error_message="esma_class is one of: fx_major, fx_minor_gold_index, commodity, equity, crypto.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("instrument_type__in", ["forex", "crypto"]), _negated=True),
                            ("base_currency__isnull", False),
                            _connector="OR",
                        ),
                        name="instruments_pair_has_base_currency_check",
                        violation_error_message="A forex or crypto pair has a base currency.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("base_currency__isnull", True),
                            models.Q(("base_currency", models.F("quote_currency")), _negated=True),
                            _connector="OR",
                        ),
                        name="instruments_currencies_differ_check",
                        violation_error_message="Base and quote currency differ.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tick_size__gt", 0)),
                        name="instruments_tick_size_positive_check",
                        violation_error_message="tick_size is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_quantity__gt", 0)),
                        name="instruments_min_quantity_positive_check",
                        violation_error_message="min_quantity is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity_step__gt", 0)),
                        name="instruments_quantity_step_positive_check",
                        violation_error_message="quantity_step is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("contract_size__gt", 0)),
                        name="instruments_contract_size_positive_check",
                        violation_error_message="contract_size is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("max_quantity__gte", models.F("min_quantity"))),
                        name="instruments_quantity_range_check",
                        violation_error_message="The largest quantity is not below the smallest.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                django.db.models.functions.math.Mod(
                                    models.F("min_quantity"),
                                    django.db.models.functions.comparison.NullIf(
                                        models.F("quantity_step"), models.Value(Decimal("0"))
                                    ),
                                ),
                                Decimal("0"),
                            ),
                            django.db.models.lookups.Exact(
                                django.db.models.functions.math.Mod(
                                    models.F("max_quantity"),
                                    django.db.models.functions.comparison.NullIf(
                                        models.F("quantity_step"), models.Value(Decimal("0"))
                                    ),
                                ),
                                Decimal("0"),
                            ),
                        ),
                        name="instruments_quantity_on_step_check",
                        violation_error_message="The smallest and the largest quantity are multiples of the step.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("leverage_max__gte", 1)),
                        name="instruments_leverage_max_check",
                        violation_error_message="Leverage is at least 1 : 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("margin_rate__gt", 0), ("margin_rate__lte", 1)),
                        name="instruments_margin_rate_check",
                        violation_error_message="The margin rate is above 0 and at most 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("commission_rate__gte", 0)),
                        name="instruments_commission_rate_not_negative_check",
                        violation_error_message="commission_rate is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("isin", ""), ("isin__regex", "^[A-Z]{2}[A-Z0-9]{9}[0-9]$"), _connector="OR"
                        ),
                        name="instruments_isin_check",
                        violation_error_message="An ISIN is a country, nine characters and a check digit.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cfi_code", ""), ("cfi_code__regex", "^[A-Z]{6}$"), _connector="OR"),
                        name="instruments_cfi_code_check",
                        violation_error_message="A CFI code is six capital letters.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="a21bda77da1394ce7ba1832a8a1e5804f9cfb983",
                            operation="UPDATE",
                            pgid="instruments_touch",
                            table="instruments",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="soft_delete",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="soft_delete()",
                            func="",
                            hash="3b7c2e346531c918df61eb6d5d514cf03dc8256f",
                            operation="DELETE",
                            pgid="instruments_soft_delete",
                            table="instruments",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderStatusTransition",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "from_status",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("pending_new", "Pending New"),
                            ("new", "New"),
                            ("partially_filled", "Partially Filled"),
                            ("filled", "Filled"),
                            ("done_for_day", "Done For Day"),
                            ("pending_cancel", "Pending Cancel"),
                            ("pending_replace", "Pending Replace"),
                            ("stopped", "Stopped"),
                            ("suspended", "Suspended"),
                            ("canceled", "Canceled"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("calculated", "Calculated"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "to_status",
                    models.CharField(
                        choices=[
                            ("pending_new", "Pending New"),
                            ("new", "New"),
                            ("partially_filled", "Partially Filled"),
                            ("filled", "Filled"),
                            ("done_for_day", "Done For Day"),
                            ("pending_cancel", "Pending Cancel"),
                            ("pending_replace", "Pending Replace"),
                            ("stopped", "Stopped"),
                            ("suspended", "Suspended"),
                            ("canceled", "Canceled"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("calculated", "Calculated"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "exec_type",
                    models.CharField(
                        choices=[
                            ("pending_new", "Pending New"),
                            ("new", "New"),
                            ("rejected", "Rejected"),
                            ("trade", "Trade"),
                            ("canceled", "Canceled"),
                            ("replaced", "Replaced"),
                            ("pending_cancel", "Pending Cancel"),
                            ("pending_replace", "Pending Replace"),
                            ("expired", "Expired"),
                            ("done_for_day", "Done For Day"),
                            ("stopped", "Stopped"),
                            ("suspended", "Suspended"),
                            ("calculated", "Calculated"),
                            ("trade_cancel", "Trade Cancel"),
                            ("trade_correct", "Trade Correct"),
                            ("restated", "Restated"),
                        ],
                        max_length=16,
                    ),
                ),
            ],
            options={
                "db_table": "order_status_transitions",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("from_status", "to_status", "exec_type"), name="order_status_transitions_change_uniq"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "from_status__in",
                                [
                                    "none",
                                    "pending_new",
                                    "new",
                                    "partially_filled",
                                    "filled",
                                    "done_for_day",
                                    "pending_cancel",
                                    "pending_replace",
                                    "stopped",
                                    "suspended",
                                    "canceled",
                                    "rejected",
                                    "expired",
                                    "calculated",
                                ],
                            )
                        ),
                        name="order_status_transitions_from_status_check",
                        violation_error_message="from_status is one of: none, pending_new, new, partially_filled, filled, done_for_day, pending_cancel, pending_replace, stopped, suspended, canceled, rejected, expired, calculated.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "to_status__in",
                                [
                                    "pending_new",
                                    "new",
                                    "partially_filled",
                                    "filled",
                                    "done_for_day",
                                    "pending_cancel",
                                    "pending_replace",
                                    "stopped",
                                    "suspended",
                                    "canceled",
                                    "rejected",
                                    "expired",
                                    "calculated",
                                ],
                            )
                        ),
                        name="order_status_transitions_to_status_check",
                        violation_error_message="to_status is one of: pending_new, new, partially_filled, filled, done_for_day, pending_cancel, pending_replace, stopped, suspended, canceled, rejected, expired, calculated.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "exec_type__in",
                                [
                                    "pending_new",
                                    "new",
                                    "rejected",
                                    "trade",
                                    "canceled",
                                    "replaced",
                                    "pending_cancel",
                                    "pending_replace",
                                    "expired",
                                    "done_for_day",
                                    "stopped",
                                    "suspended",
                                    "calculated",
                                    "trade_cancel",
                                    "trade_correct",
                                    "restated",
                                ],
                            )
                        ),
                        name="order_status_transitions_exec_type_check",
                        violation_error_message="exec_type is one of: pending_new, new, rejected, trade, canceled, replaced, pending_cancel, pending_replace, expired, done_for_day, stopped, suspended, calculated, trade_cancel, trade_correct, restated.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CorporateAction",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "instrument",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corporate_actions",
                        to="trading.instrument",
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("dividend", "Dividend"),
                            ("split", "Split"),
                            ("reverse_split", "Reverse Split"),
                            ("merger", "Merger"),
                            ("spin_off", "Spin Off"),
                            ("rights_issue", "Rights Issue"),
                            ("delisting", "Delisting"),
                        ],
                        max_length=16,
                    ),
                ),
                ("ex_date", models.DateField(help_text="First day without the right.")),
                (
                    "record_date",
                    models.DateField(blank=True, help_text="Who holds at its end has the right.", null=True),
                ),
                ("payment_date", models.DateField(blank=True, null=True)),
                (
                    "ratio",
                    config.database.fields.AmountField(
                        blank=True, help_text="New units for one old unit: 2 is a split of 2 for 1.", null=True
                    ),
                ),
                ("cash_amount", config.database.fields.AmountField(blank=True, help_text="Cash per unit.", null=True)),
                (
                    "cash_currency",
                    models.ForeignKey(
                        blank=True,
                        db_column="cash_currency",
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("announced", "Announced"),
                            ("confirmed", "Confirmed"),
                            ("applied", "Applied"),
                            ("canceled", "Canceled"),
                        ],
                        db_default="announced",
                        max_length=16,
                    ),
                ),
                (
                    "journal",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The business event that applied it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corporate_actions",
                        to="accounts.journal",
                    ),
                ),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                ("description", models.CharField(blank=True, db_default="", max_length=255)),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "corporate_actions",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "canceled"), _negated=True),
                        fields=("instrument", "action", "ex_date"),
                        name="corporate_actions_action_uniq",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("journal__isnull", False)),
                        fields=("journal",),
                        name="corporate_actions_journal_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "action__in",
                                [
                                    "dividend",
                                    "split",
                                    "reverse_split",
                                    "merger",
                                    "spin_off",
                                    "rights_issue",
                                    "delisting",
                                ],
                            )
                        ),
                        name="corporate_actions_action_check",
                        violation_error_message="action is one of: dividend, split, reverse_split, merger, spin_off, rights_issue, delisting.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["announced", "confirmed", "applied", "canceled"])),
                        name="corporate_actions_status_check",
                        violation_error_message="status is one of: announced, confirmed, applied, canceled.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ratio__gt", 0)),
                        name="corporate_actions_ratio_positive_check",
                        violation_error_message="ratio is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cash_amount__gt", 0)),
                        name="corporate_actions_cash_amount_positive_check",
                        violation_error_message="cash_amount is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("action", "dividend"), ("cash_amount__isnull", False)),
                            models.Q(("action__in", ["split", "reverse_split"]), ("ratio__isnull", False)),
                            models.Q(
                                ("action__in", ["merger", "spin_off", "rights_issue"]),
                                models.Q(("ratio__isnull", False), ("cash_amount__isnull", False), _connector="OR"),
                            ),
                            ("action", "delisting"),
                            _connector="OR",
                        ),
                        name="corporate_actions_terms_check",
                        violation_error_message="A dividend has cash, a split a ratio; a merger, spin-off or rights issue one of them.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cash_amount__isnull", True), ("cash_currency__isnull", True)),
                            models.Q(("cash_amount__isnull", False), ("cash_currency__isnull", False)),
                            _connector="OR",
                        ),
                        name="corporate_actions_cash_currency_check",
                        violation_error_message="A cash amount, and nothing else, has a currency.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("applied_at__isnull", False), ("journal__isnull", False), ("status", "applied")),
                            models.Q(
                                models.Q(("status", "applied"), _negated=True),
                                ("applied_at__isnull", True),
                                ("journal__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="corporate_actions_applied_check",
                        violation_error_message="An applied action, and no other, has a journal and the time of it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("payment_date__gte", models.F("ex_date"))),
                        name="corporate_actions_paid_after_ex_date_check",
                        violation_error_message="It is paid on the ex date or later.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="123def9600828166f029697f6bc3ace8eab46a1f",
                            operation="UPDATE",
                            pgid="corporate_actions_touch",
                            table="corporate_actions",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FeeSchedule",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "instrument",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fee_schedules",
                        to="trading.instrument",
                    ),
                ),
                (
                    "account_group",
                    models.CharField(blank=True, db_default="", help_text="Empty: every group.", max_length=64),
                ),
                (
                    "commission_rate",
                    config.database.fields.RatioField(db_default=0, help_text="Ratio of the notional, per side."),
                ),
                (
                    "commission_per_lot",
                    config.database.fields.AmountField(
                        db_default=0, help_text="Commission currency per contract, per side."
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
                    "markup_bps",
                    config.database.fields.RatioField(
                        db_default=0, help_text="Added to the spread, in basis points of the price."
                    ),
                ),
                (
                    "swap_long",
                    config.database.fields.RatioField(
                        db_default=0, help_text="Per night, ratio of the notional; negative: the client pays."
                    ),
                ),
                (
                    "swap_short",
                    config.database.fields.RatioField(
                        db_default=0, help_text="Per night, ratio of the notional; negative: the client pays."
                    ),
                ),
                (
                    "triple_swap_weekday",
                    models.SmallIntegerField(
                        choices=[
                            (1, "Monday"),
                            (2, "Tuesday"),
                            (3, "Wednesday"),
                            (4, "Thursday"),
                            (5, "Friday"),
                            (6, "Saturday"),
                            (7, "Sunday"),
                        ],
                        db_default=3,
                        help_text="The night that counts three times, for the week-end.",
                    ),
                ),
                ("valid_from", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                (
                    "valid_until",
                    models.DateTimeField(blank=True, help_text="Excluded; empty: until further notice.", null=True),
                ),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "fee_schedules",
                "abstract": False,
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("instrument", "="),
                            ("account_group", "="),
                            (models.Func(models.F("valid_from"), models.F("valid_until"), function="tstzrange"), "&&"),
                        ],
                        name="fee_schedules_period_excl",
                        violation_error_message="The instrument and group have a schedule for a part of this period.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_from__lt", models.F("valid_until"))),
                        name="fee_schedules_period_check",
                        violation_error_message="The period ends after it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("commission_rate__gte", 0)),
                        name="fee_schedules_commission_rate_not_negative_check",
                        violation_error_message="commission_rate is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("commission_per_lot__gte", 0)),
                        name="fee_schedules_commission_per_lot_not_negative_check",
                        violation_error_message="commission_per_lot is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("markup_bps__gte", 0)),
                        name="fee_schedules_markup_bps_not_negative_check",
                        violation_error_message="markup_bps is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("commission_per_lot", 0), ("commission_currency__isnull", False), _connector="OR"
                        ),
                        name="fee_schedules_commission_currency_check",
                        violation_error_message="A commission per lot has a currency.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("triple_swap_weekday__range", (1, 7))),
                        name="fee_schedules_triple_swap_weekday_check",
                        violation_error_message="Weekdays are 1 (Monday) to 7.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="7d3385267a0c66b5b566bbfd43276a920f03d6c7",
                            operation="UPDATE",
                            pgid="fee_schedules_touch",
                            table="fee_schedules",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="InstrumentMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
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
                ("marked_at", models.DateTimeField()),
                ("mid", config.database.fields.AmountField(help_text="Quote currency.")),
                (
                    "bid",
                    config.database.fields.AmountField(
                        blank=True, help_text="Quote currency; empty if only the mid is known.", null=True
                    ),
                ),
                (
                    "ask",
                    config.database.fields.AmountField(
                        blank=True, help_text="Quote currency; empty if only the mid is known.", null=True
                    ),
                ),
                ("source", models.CharField(blank=True, db_default="", help_text="What made the mark.", max_length=32)),
                ("created_at", config.database.fields.CreatedAtField()),
            ],
            options={
                "db_table": "instrument_marks",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["marked_at"], name="instrument_marks_marked_at_idx"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("instrument", "marked_at"), name="instrument_marks_moment_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("mid__gt", 0)),
                        name="instrument_marks_mid_positive_check",
                        violation_error_message="mid is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bid__gt", 0)),
                        name="instrument_marks_bid_positive_check",
                        violation_error_message="bid is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mid__gte", models.F("bid")), ("mid__lte", models.F("ask"))),
                        name="instrument_marks_bid_mid_ask_check",
                        violation_error_message="The mid lies between bid and ask.",
                    ),
                ],
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["marked_at"],
            },
            bases=(psqlextra.models.partitioned.PostgresPartitionedModel,),
        ),
        migrations.CreateModel(
            name="InstrumentSession",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "instrument",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="trading.instrument",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("weekly", "open every week"), ("holiday", "closed on a date")],
                        db_default="weekly",
                        max_length=16,
                    ),
                ),
                (
                    "weekday",
                    models.SmallIntegerField(
                        blank=True,
                        choices=[
                            (1, "Monday"),
                            (2, "Tuesday"),
                            (3, "Wednesday"),
                            (4, "Thursday"),
                            (5, "Friday"),
                            (6, "Saturday"),
                            (7, "Sunday"),
                        ],
                        help_text="ISO: Monday is 1.",
                        null=True,
                    ),
                ),
                ("holiday_date", models.DateField(blank=True, null=True)),
                ("start_minute", models.SmallIntegerField(db_default=0, help_text="Minutes from midnight.")),
                ("end_minute", models.SmallIntegerField(db_default=1440, help_text="Minutes from midnight, excluded.")),
                (
                    "name",
                    models.CharField(blank=True, db_default="", help_text="For example Christmas Day.", max_length=64),
                ),
            ],
            options={
                "db_table": "instrument_sessions",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["weekly", "holiday"])),
                        name="instrument_sessions_kind_check",
                        violation_error_message="kind is one of: weekly, holiday.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("kind", "weekly"), _negated=True),
                                models.Q(("holiday_date__isnull", True), ("weekday__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(("kind", "holiday"), _negated=True),
                                models.Q(("holiday_date__isnull", False), ("weekday__isnull", True)),
                                _connector="OR",
                            ),
                        ),
                        name="instrument_sessions_day_by_kind_check",
                        violation_error_message="A weekly session has a weekday, a holiday has a date.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weekday__range", (1, 7))),
                        name="instrument_sessions_weekday_check",
                        violation_error_message="Weekdays are 1 (Monday) to 7.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_minute__lte", 1440),
                            ("start_minute__gte", 0),
                            ("start_minute__lt", models.F("end_minute")),
                        ),
                        name="instrument_sessions_minutes_check",
                        violation_error_message="A session starts before it ends, within one day.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("kind", "weekly")),
                        expressions=[
                            ("instrument", "="),
                            ("weekday", "="),
                            (models.Func(models.F("start_minute"), models.F("end_minute"), function="int4range"), "&&"),
                        ],
                        name="instrument_sessions_weekly_excl",
                        violation_error_message="Sessions of one weekday do not overlap.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("kind", "holiday")),
                        expressions=[
                            ("instrument", "="),
                            ("holiday_date", "="),
                            (models.Func(models.F("start_minute"), models.F("end_minute"), function="int4range"), "&&"),
                        ],
                        name="instrument_sessions_holiday_excl",
                        violation_error_message="Closures of one date do not overlap.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="46006eb3052e944e2b476b71730d28a4cb338699",
                            operation="UPDATE",
                            pgid="instrument_sessions_touch",
                            table="instrument_sessions",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
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
                        related_name="orders",
                        to="accounts.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "client_order_id",
                    models.CharField(help_text="The client's own id: a repeated order is refused.", max_length=64),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="trading.instrument",
                    ),
                ),
                (
                    "order_type",
                    models.CharField(
                        choices=[
                            ("market", "Market"),
                            ("limit", "Limit"),
                            ("stop", "Stop"),
                            ("stop_limit", "Stop Limit"),
                            ("trailing_stop", "Trailing Stop"),
                            ("take_profit", "Take Profit"),
                        ],
                        max_length=16,
                    ),
                ),
                ("side", models.CharField(choices=[("buy", "Buy"), ("sell", "Sell")], max_length=8)),
                ("quantity", config.database.fields.AmountField(help_text="Contracts.")),
                ("filled_quantity", config.database.fields.AmountField(db_default=0, help_text="Contracts.")),
                (
                    "remaining_quantity",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                status__in=["filled", "canceled", "rejected", "expired", "calculated"],
                                then=models.Value(Decimal("0.0")),
                            ),
                            default=django.db.models.expressions.CombinedExpression(
                                models.F("quantity"), "-", models.F("filled_quantity")
                            ),
                            output_field=config.database.fields.AmountField(),
                        ),
                        help_text="Contracts that may still be filled: none once the order is dead.",
                        output_field=config.database.fields.AmountField(),
                    ),
                ),
                (
                    "price",
                    config.database.fields.AmountField(
                        blank=True, help_text="Quote currency; limit and take-profit orders.", null=True
                    ),
                ),
                (
                    "stop_price",
                    config.database.fields.AmountField(
                        blank=True, help_text="Quote currency; stop and stop-limit orders.", null=True
                    ),
                ),
                (
                    "limit_price",
                    config.database.fields.AmountField(
                        blank=True, help_text="Quote currency; stop-limit orders.", null=True
                    ),
                ),
                (
                    "trailing_distance",
                    config.database.fields.AmountField(
                        blank=True, help_text="Quote currency; trailing stops.", null=True
                    ),
                ),
                (
                    "filled_notional",
                    config.database.fields.AmountField(
                        db_default=0, help_text="Sum of price times quantity of the fills."
                    ),
                ),
                (
                    "average_fill_price",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("filled_notional"),
                            "/",
                            django.db.models.functions.comparison.NullIf(
                                models.F("filled_quantity"), models.Value(Decimal("0.0"))
                            ),
                        ),
                        help_text="Quote currency; empty while nothing is filled.",
                        output_field=config.database.fields.AmountField(),
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending_new", "Pending New"),
                            ("new", "New"),
                            ("partially_filled", "Partially Filled"),
                            ("filled", "Filled"),
                            ("done_for_day", "Done For Day"),
                            ("pending_cancel", "Pending Cancel"),
                            ("pending_replace", "Pending Replace"),
                            ("stopped", "Stopped"),
                            ("suspended", "Suspended"),
                            ("canceled", "Canceled"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("calculated", "Calculated"),
                        ],
                        db_default="pending_new",
                        max_length=20,
                    ),
                ),
                (
                    "time_in_force",
                    models.CharField(
                        choices=[
                            ("gtc", "good till cancel"),
                            ("ioc", "immediate or cancel"),
                            ("fok", "fill or kill"),
                            ("day", "Day"),
                            ("gtd", "good till date"),
                        ],
                        db_default="gtc",
                        max_length=8,
                    ),
                ),
                (
                    "good_till_date",
                    models.DateTimeField(blank=True, help_text="Good-till-date orders expire then.", null=True),
                ),
                (
                    "execution_type",
                    models.CharField(
                        choices=[("market", "Market"), ("abook", "A-book"), ("bbook", "B-book"), ("hybrid", "Hybrid")],
                        db_default="market",
                        max_length=16,
                    ),
                ),
                (
                    "routing_decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("abook", "A-book"),
                            ("bbook", "B-book"),
                            ("hybrid", "Hybrid"),
                            ("rejected", "Rejected"),
                        ],
                        db_default="",
                        help_text="Empty until the order is routed.",
                        max_length=16,
                    ),
                ),
                (
                    "take_profit",
                    config.database.fields.AmountField(
                        blank=True, help_text="Quote currency; closes the position with a profit.", null=True
                    ),
                ),
                (
                    "stop_loss",
                    config.database.fields.AmountField(
                        blank=True, help_text="Quote currency; closes the position with a loss.", null=True
                    ),
                ),
                (
                    "is_reduce_only",
                    models.BooleanField(db_default=False, help_text="May only make a position smaller."),
                ),
                ("is_post_only", models.BooleanField(db_default=False, help_text="May only add liquidity.")),
                (
                    "commission",
                    config.database.fields.AmountField(
                        db_default=0, help_text="In commission currency; negative: a rebate."
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
                    "slippage",
                    config.database.fields.AmountField(
                        db_default=0, help_text="Quote currency per unit; positive: worse than requested."
                    ),
                ),
                ("reject_reason", models.CharField(blank=True, db_default="", max_length=255)),
                (
                    "liquidity_provider_id",
                    models.UUIDField(blank=True, help_text="The provider it was sent to.", null=True),
                ),
                ("lp_order_id", models.CharField(blank=True, db_default="", max_length=64, verbose_name="LP order id")),
                (
                    "parent_order",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="trading.order",
                    ),
                ),
                ("received_at", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                ("filled_at", models.DateTimeField(blank=True, null=True)),
                ("canceled_at", models.DateTimeField(blank=True, null=True)),
                ("expired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decision_maker",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Person or algorithm that took the investment decision.",
                        max_length=64,
                    ),
                ),
                (
                    "executor",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Person or algorithm that is responsible for the execution.",
                        max_length=64,
                    ),
                ),
                (
                    "event_seq",
                    models.BigIntegerField(db_default=0, editable=False, help_text="Number of its last event; the database counts."),
                ),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "orders",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("client_order_id", "account"), name="orders_client_order_id_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("client_order_id", ""), _negated=True),
                        name="orders_client_order_id_check",
                        violation_error_message="The client's order id is not empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "order_type__in",
                                ["market", "limit", "stop", "stop_limit", "trailing_stop", "take_profit"],
                            )
                        ),
                        name="orders_order_type_check",
                        violation_error_message="order_type is one of: market, limit, stop, stop_limit, trailing_stop, take_profit.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["buy", "sell"])),
                        name="orders_side_check",
                        violation_error_message="side is one of: buy, sell.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "pending_new",
                                    "new",
                                    "partially_filled",
                                    "filled",
                                    "done_for_day",
                                    "pending_cancel",
                                    "pending_replace",
                                    "stopped",
                                    "suspended",
                                    "canceled",
                                    "rejected",
                                    "expired",
                                    "calculated",
                                ],
                            )
                        ),
                        name="orders_status_check",
                        violation_error_message="status is one of: pending_new, new, partially_filled, filled, done_for_day, pending_cancel, pending_replace, stopped, suspended, canceled, rejected, expired, calculated.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("time_in_force__in", ["gtc", "ioc", "fok", "day", "gtd"])),
                        name="orders_time_in_force_check",
                        violation_error_message="time_in_force is one of: gtc, ioc, fok, day, gtd.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("execution_type__in", ["market", "abook", "bbook", "hybrid"])),
                        name="orders_execution_type_check",
                        violation_error_message="execution_type is one of: market, abook, bbook, hybrid.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("routing_decision__in", ["", "abook", "bbook", "hybrid", "rejected"])),
                        name="orders_routing_decision_check",
                        violation_error_message="routing_decision is empty or one of: abook, bbook, hybrid, rejected.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)),
                        name="orders_quantity_positive_check",
                        violation_error_message="quantity is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("filled_quantity__gte", 0)),
                        name="orders_filled_quantity_not_negative_check",
                        violation_error_message="filled_quantity is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("filled_quantity__lte", models.F("quantity"))),
                        name="orders_filled_within_quantity_check",
                        violation_error_message="No more is filled than was ordered.",
                    ),
                    models.CheckConstraint(condition=models.Q(models.Case(models.When(filled_quantity=0, then=models.Q(('status__in', ['partially_filled', 'filled']), _negated=True)), models.When(filled_quantity=models.F('quantity'), then=models.Q(('status__in', ['pending_new', 'new', 'partially_filled']), _negated=True)), default=models.Q(('status__in', ['pending_new', 'new', 'filled']), _negated=True), output_field=models.BooleanField())), name='orders_filled_by_status_check', violation_error_message='The filled quantity agrees with the status.'),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('filled_notional__gt', 0)), models.Q(('filled_quantity__gt', 0))), ('filled_notional__gte', 0)), name='orders_filled_notional_check', violation_error_message='The filled notional is above zero exactly if something is filled.'),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('price__isnull', False)), models.Q(('order_type__in', ['limit', 'take_profit']))), config.database.constraints.Agree(models.Q(('stop_price__isnull', False)), models.Q(('order_type__in', ['stop', 'stop_limit']))), config.database.constraints.Agree(models.Q(('limit_price__isnull', False)), models.Q(('order_type__in', ['stop_limit']))), config.database.constraints.Agree(models.Q(('trailing_distance__isnull', False)), models.Q(('order_type__in', ['trailing_stop'])))), name='orders_prices_by_type_check', violation_error_message='The type decides which of price, stop price, limit price and trailing distance it has.'),
                    models.CheckConstraint(condition=django.db.models.lookups.GreaterThan(django.db.models.functions.comparison.Least(models.Value(Decimal('1.0')), 'price', 'stop_price', 'limit_price', 'trailing_distance', 'take_profit', 'stop_loss', output_field=models.DecimalField()), models.Value(Decimal('0.0'))), name='orders_prices_positive_check', violation_error_message='price, stop_price, limit_price, trailing_distance, take_profit, stop_loss are greater than zero.'),
                    models.CheckConstraint(condition=models.Q(models.Case(models.When(side='buy', then=models.Q(('stop_loss__lt', models.F('take_profit')))), default=models.Q(('stop_loss__gt', models.F('take_profit'))), output_field=models.BooleanField())), name='orders_exits_by_side_check', violation_error_message='The stop loss of a purchase lies below its take profit, of a sale above.'),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('time_in_force', 'gtd')), models.Q(('good_till_date__isnull', False)))), name='orders_good_till_date_check', violation_error_message='A good-till-date order, and no other, has a date.'),
                    models.CheckConstraint(
                        condition=models.Q(("good_till_date__gt", models.F("received_at"))),
                        name="orders_good_till_date_after_receipt_check",
                        violation_error_message="An order expires after it was received.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_post_only", False),
                            models.Q(
                                ("order_type__in", ["limit", "stop_limit", "take_profit"]),
                                ("time_in_force__in", ["gtc", "day", "gtd"]),
                            ),
                            _connector="OR",
                        ),
                        name="orders_post_only_rests_check",
                        violation_error_message="A post-only order has a limit and may rest in the book.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("commission", 0), ("commission_currency__isnull", False), _connector="OR"),
                        name="orders_commission_currency_check",
                        violation_error_message="A commission has a currency.",
                    ),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('status', 'rejected')), models.Q(('reject_reason', ''), _negated=True))), name='orders_reject_reason_check', violation_error_message='A rejected order, and no other, has a reason.'),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.GreaterThanOrEqual(
                            django.db.models.functions.comparison.Least(
                                "submitted_at", "filled_at", "canceled_at", "expired_at"
                            ),
                            models.F("received_at"),
                        ),
                        name="orders_times_after_receipt_check",
                        violation_error_message="Nothing happens to an order before it is received.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("canceled_at", None), ("status", "canceled"), _connector="OR"),
                            models.Q(("expired_at", None), ("status", "expired"), _connector="OR"),
                            models.Q(("filled_at", None), ("filled_quantity", models.F("quantity")), _connector="OR"),
                        ),
                        name="orders_times_by_status_check",
                        violation_error_message="Only what was canceled, has expired or is filled has the time at which it was.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("event_seq__gte", 0)),
                        name="orders_event_seq_not_negative_check",
                        violation_error_message="event_seq is not negative.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="4dec147eb4404b72c2d351e8becc6de37f9066a5",
                            operation="UPDATE",
                            pgid="orders_touch",
                            table="orders",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Position",
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
                        related_name="positions",
                        to="accounts.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "oms_type",
                    models.CharField(
                        choices=[("netting", "Netting"), ("hedging", "Hedging")],
                        help_text="The account's.",
                        max_length=16,
                        verbose_name="OMS type",
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to="trading.instrument",
                    ),
                ),
                ("side", models.CharField(choices=[("long", "Long"), ("short", "Short")], max_length=8)),
                ("quantity", config.database.fields.AmountField(db_default=0, help_text="Contracts held now.")),
                ("entry_price", config.database.fields.AmountField(help_text="Price of the first trade.")),
                (
                    "current_price",
                    config.database.fields.AmountField(
                        blank=True, help_text="Price at which it could be closed now.", null=True
                    ),
                ),
                (
                    "mark_price",
                    config.database.fields.AmountField(blank=True, help_text="Price at which it is valued.", null=True),
                ),
                ("average_price", config.database.fields.AmountField(help_text="Average price of what is held.")),
                (
                    "liquidation_price",
                    config.database.fields.AmountField(
                        blank=True, help_text="Price at which the account is stopped out.", null=True
                    ),
                ),
                ("margin_required", config.database.fields.AmountField(db_default=0)),
                ("unrealized_pnl", config.database.fields.AmountField(db_default=0, verbose_name="unrealized P&L")),
                ("realized_pnl", config.database.fields.AmountField(db_default=0, verbose_name="realized P&L")),
                ("commission_paid", config.database.fields.AmountField(db_default=0)),
                (
                    "swap_charges",
                    config.database.fields.AmountField(db_default=0, help_text="Negative: the client paid."),
                ),
                ("stop_loss", config.database.fields.AmountField(blank=True, null=True)),
                ("take_profit", config.database.fields.AmountField(blank=True, null=True)),
                (
                    "trailing_stop",
                    config.database.fields.AmountField(
                        blank=True, help_text="Distance from the best price.", null=True
                    ),
                ),
                ("is_open", models.BooleanField(db_default=True)),
                ("open_time", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ("close_time", models.DateTimeField(blank=True, null=True)),
                (
                    "last_seq",
                    models.BigIntegerField(db_default=0, editable=False, help_text="Number of its last event."),
                ),
                ("metadata", config.database.fields.MetadataField()),
                (
                    "head_seq",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.NullIf(models.F("last_seq"), models.Value(0)),
                        help_text="The same; empty before the first.",
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
            ],
            options={
                "db_table": "positions",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_open", True), ("oms_type", "netting")),
                        fields=("account", "instrument"),
                        name="positions_open_netting_uniq",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_open", True), ("oms_type", "hedging")),
                        fields=("account", "instrument", "side"),
                        name="positions_open_hedging_uniq",
                    ),
                    models.UniqueConstraint(
                        fields=("account", "instrument", "id"), name="positions_account_instrument_uniq"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("oms_type__in", ["netting", "hedging"])),
                        name="positions_oms_type_check",
                        violation_error_message="oms_type is one of: netting, hedging.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["long", "short"])),
                        name="positions_side_check",
                        violation_error_message="side is one of: long, short.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 0)),
                        name="positions_quantity_not_negative_check",
                        violation_error_message="quantity is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("margin_required__gte", 0)),
                        name="positions_margin_required_not_negative_check",
                        violation_error_message="margin_required is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_seq__gte", 0)),
                        name="positions_last_seq_not_negative_check",
                        violation_error_message="last_seq is not negative.",
                    ),
                    models.CheckConstraint(condition=django.db.models.lookups.GreaterThan(django.db.models.functions.comparison.Least(models.Value(Decimal('1.0')), 'entry_price', 'current_price', 'mark_price', 'average_price', 'liquidation_price', 'stop_loss', 'take_profit', 'trailing_stop', output_field=models.DecimalField()), models.Value(Decimal('0.0'))), name='positions_prices_positive_check', violation_error_message='entry_price, current_price, mark_price, average_price, liquidation_price, stop_loss, take_profit, trailing_stop are greater than zero.'),
                    models.CheckConstraint(condition=models.Q(models.Case(models.When(side='long', then=models.Q(('stop_loss__lt', models.F('take_profit')))), default=models.Q(('stop_loss__gt', models.F('take_profit'))), output_field=models.BooleanField())), name='positions_exits_by_side_check', violation_error_message='The stop loss of a long position lies below its take profit, of a short one above.'),
                    models.CheckConstraint(
                        condition=models.Q(("is_open", True), ("quantity", 0), _connector="OR"),
                        name="positions_closed_is_flat_check",
                        violation_error_message="A closed position is flat.",
                    ),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('is_open', True)), models.Q(('close_time__isnull', True)))), name='positions_close_time_check', violation_error_message='A closed position, and no other, has a closing time.'),
                    models.CheckConstraint(
                        condition=models.Q(("close_time__gte", models.F("open_time"))),
                        name="positions_closed_after_opening_check",
                        violation_error_message="It closes after it opened.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="00c5eee5db679d6c33c21df99877675beefee607",
                            operation="UPDATE",
                            pgid="positions_touch",
                            table="positions",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderAudit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="trading.order",
                    ),
                ),
                ("seq", models.BigIntegerField(help_text="Number of the event within its order.")),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                            ("routed", "Routed"),
                            ("filled", "Filled"),
                            ("fill_canceled", "Fill Canceled"),
                            ("fill_corrected", "Fill Corrected"),
                            ("cancel_requested", "Cancel Requested"),
                            ("canceled", "Canceled"),
                            ("replace_requested", "Replace Requested"),
                            ("replaced", "Replaced"),
                            ("modified", "Modified"),
                            ("stopped", "Stopped"),
                            ("suspended", "Suspended"),
                            ("resumed", "Resumed"),
                            ("done_for_day", "Done For Day"),
                            ("calculated", "Calculated"),
                            ("expired", "Expired"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "exec_type",
                    models.CharField(
                        choices=[
                            ("pending_new", "Pending New"),
                            ("new", "New"),
                            ("rejected", "Rejected"),
                            ("trade", "Trade"),
                            ("canceled", "Canceled"),
                            ("replaced", "Replaced"),
                            ("pending_cancel", "Pending Cancel"),
                            ("pending_replace", "Pending Replace"),
                            ("expired", "Expired"),
                            ("done_for_day", "Done For Day"),
                            ("stopped", "Stopped"),
                            ("suspended", "Suspended"),
                            ("calculated", "Calculated"),
                            ("trade_cancel", "Trade Cancel"),
                            ("trade_correct", "Trade Correct"),
                            ("restated", "Restated"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "previous_status",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("pending_new", "Pending New"),
                            ("new", "New"),
                            ("partially_filled", "Partially Filled"),
                            ("filled", "Filled"),
                            ("done_for_day", "Done For Day"),
                            ("pending_cancel", "Pending Cancel"),
                            ("pending_replace", "Pending Replace"),
                            ("stopped", "Stopped"),
                            ("suspended", "Suspended"),
                            ("canceled", "Canceled"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("calculated", "Calculated"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "new_status",
                    models.CharField(
                        choices=[
                            ("pending_new", "Pending New"),
                            ("new", "New"),
                            ("partially_filled", "Partially Filled"),
                            ("filled", "Filled"),
                            ("done_for_day", "Done For Day"),
                            ("pending_cancel", "Pending Cancel"),
                            ("pending_replace", "Pending Replace"),
                            ("stopped", "Stopped"),
                            ("suspended", "Suspended"),
                            ("canceled", "Canceled"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("calculated", "Calculated"),
                        ],
                        max_length=20,
                    ),
                ),
                ("data", config.database.fields.MetadataField(help_text="What the event changed: old and new value by column.")),
                (
                    "triggered_by",
                    models.CharField(
                        blank=True, db_default="", help_text="User id, algorithm or part of the system.", max_length=64
                    ),
                ),
                ("reason", models.CharField(blank=True, db_default="", max_length=255)),
                ("liquidity_provider_id", models.UUIDField(blank=True, null=True)),
                (
                    "venue",
                    models.CharField(
                        blank=True, db_default="", help_text="MIC (ISO 10383) or provider.", max_length=32
                    ),
                ),
                (
                    "prev_seq",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.NullIf(
                            django.db.models.expressions.CombinedExpression(models.F("seq"), "-", models.Value(1)), models.Value(0)
                        ),
                        help_text="Number of the event before; empty for the first.",
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
            ],
            options={
                "verbose_name": "order event",
                "verbose_name_plural": "order audit",
                "db_table": "order_audit",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("order", "seq"), name="order_audit_order_seq_uniq"),
                    models.UniqueConstraint(
                        fields=("order", "seq", "new_status"), name="order_audit_head_uniq"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("seq__gt", 0)),
                        name="order_audit_seq_positive_check",
                        violation_error_message="seq is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "received",
                                    "accepted",
                                    "rejected",
                                    "routed",
                                    "filled",
                                    "fill_canceled",
                                    "fill_corrected",
                                    "cancel_requested",
                                    "canceled",
                                    "replace_requested",
                                    "replaced",
                                    "modified",
                                    "stopped",
                                    "suspended",
                                    "resumed",
                                    "done_for_day",
                                    "calculated",
                                    "expired",
                                ],
                            )
                        ),
                        name="order_audit_event_type_check",
                        violation_error_message="event_type is one of: received, accepted, rejected, routed, filled, fill_canceled, fill_corrected, cancel_requested, canceled, replace_requested, replaced, modified, stopped, suspended, resumed, done_for_day, calculated, expired.",
                    ),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('seq', 1)), models.Q(('previous_status', 'none')))), name='order_audit_first_event_check', violation_error_message='The first event of an order, and no other, begins with no status.'),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="1550d1494a4e48af25860c2e1e0abd7738ef89e4",
                            operation="UPDATE OR DELETE",
                            pgid="order_audit_append_only",
                            table="order_audit",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="e4ec5890f3e9f7edb51619bfe63d48449deaa1ba",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="order_audit_append_only_truncate",
                            table="order_audit",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderFill",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fills",
                        to="trading.order",
                    ),
                ),
                ("fill_price", config.database.fields.AmountField(help_text="Quote currency.")),
                ("fill_quantity", config.database.fields.AmountField(help_text="Contracts.")),
                (
                    "fill_commission",
                    config.database.fields.AmountField(
                        db_default=0, help_text="In commission currency; negative: a rebate."
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
                    "liquidity_type",
                    models.CharField(
                        choices=[("maker", "Maker"), ("taker", "Taker")], db_default="taker", max_length=8
                    ),
                ),
                (
                    "venue",
                    models.CharField(help_text="MIC (ISO 10383) or provider; the house has one too.", max_length=32),
                ),
                ("execution_id", models.CharField(help_text="The venue's id of this execution.", max_length=64)),
                ("executed_at", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ("is_late", models.BooleanField(db_default=False, help_text="The order was already dead.")),
                (
                    "dealer",
                    models.CharField(blank=True, db_default="", help_text="Who let a late fill in.", max_length=64),
                ),
            ],
            options={
                "db_table": "order_fills",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("execution_id", "venue"), name="order_fills_execution_id_uniq"),
                    models.UniqueConstraint(fields=("order", "id"), name="order_fills_order_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("fill_price__gt", 0)),
                        name="order_fills_fill_price_positive_check",
                        violation_error_message="fill_price is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fill_quantity__gt", 0)),
                        name="order_fills_fill_quantity_positive_check",
                        violation_error_message="fill_quantity is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("liquidity_type__in", ["maker", "taker"])),
                        name="order_fills_liquidity_type_check",
                        violation_error_message="liquidity_type is one of: maker, taker.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("venue", ""), _negated=True),
                        name="order_fills_venue_check",
                        violation_error_message="The venue is not empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("execution_id", ""), _negated=True),
                        name="order_fills_execution_id_check",
                        violation_error_message="The execution id is not empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fill_commission", 0), ("commission_currency__isnull", False), _connector="OR"
                        ),
                        name="order_fills_commission_currency_check",
                        violation_error_message="A commission has a currency.",
                    ),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('is_late', True)), models.Q(('dealer', ''), _negated=True))), name='order_fills_late_dealer_check', violation_error_message="A late fill, and no other, bears a dealer's name."),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="f9850a9aec74a43865b938bd3388f56693f6155a",
                            operation="UPDATE OR DELETE",
                            pgid="order_fills_append_only",
                            table="order_fills",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="8323e2679ed7870ef51bf373f06c3a59baedbda8",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="order_fills_append_only_truncate",
                            table="order_fills",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Trade",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trades",
                        to="accounts.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trades",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "position",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trades",
                        to="trading.position",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trades",
                        to="trading.order",
                    ),
                ),
                (
                    "fill",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Empty if this trade busts another.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trades",
                        to="trading.orderfill",
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trades",
                        to="trading.instrument",
                    ),
                ),
                ("side", models.CharField(choices=[("buy", "Buy"), ("sell", "Sell")], max_length=8)),
                ("quantity", config.database.fields.AmountField(help_text="Contracts.")),
                ("price", config.database.fields.AmountField(help_text="Quote currency.")),
                (
                    "contract_size",
                    config.database.fields.AmountField(help_text="The instrument's, at the time of the trade."),
                ),
                (
                    "value",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("quantity"), "*", models.F("price")
                            ),
                            "*",
                            models.F("contract_size"),
                        ),
                        help_text="Notional in quote currency.",
                        output_field=config.database.fields.AmountField(),
                    ),
                ),
                ("commission", config.database.fields.AmountField(db_default=0, help_text="Negative: a rebate.")),
                ("swap", config.database.fields.AmountField(db_default=0, help_text="Negative: the client paid.")),
                (
                    "pnl",
                    config.database.fields.AmountField(
                        db_default=0, help_text="Realized by this trade.", verbose_name="P&L"
                    ),
                ),
                (
                    "execution_type",
                    models.CharField(
                        choices=[("market", "Market"), ("abook", "A-book"), ("bbook", "B-book"), ("hybrid", "Hybrid")],
                        db_default="market",
                        max_length=16,
                    ),
                ),
                (
                    "liquidity_type",
                    models.CharField(
                        choices=[("maker", "Maker"), ("taker", "Taker")], db_default="taker", max_length=8
                    ),
                ),
                (
                    "liquidity_provider_id",
                    models.UUIDField(blank=True, help_text="Who took the other side.", null=True),
                ),
                (
                    "venue",
                    models.CharField(help_text="MIC (ISO 10383) or provider; the house has one too.", max_length=32),
                ),
                ("execution_id", models.CharField(help_text="Our id of this trade.", max_length=64)),
                ("position_effect", models.CharField(choices=[("open", "Open"), ("close", "Close")], max_length=8)),
                ("executed_at", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                (
                    "busts",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The trade that this one reverses.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="busted_by",
                        to="trading.trade",
                    ),
                ),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "trades",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("execution_id",), name="trades_execution_id_uniq"),
                    models.UniqueConstraint(fields=("fill", "position"), name="trades_fill_position_uniq"),
                    models.UniqueConstraint(
                        condition=models.Q(("busts__isnull", False)), fields=("busts",), name="trades_busts_uniq"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["buy", "sell"])),
                        name="trades_side_check",
                        violation_error_message="side is one of: buy, sell.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("execution_type__in", ["market", "abook", "bbook", "hybrid"])),
                        name="trades_execution_type_check",
                        violation_error_message="execution_type is one of: market, abook, bbook, hybrid.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("liquidity_type__in", ["maker", "taker"])),
                        name="trades_liquidity_type_check",
                        violation_error_message="liquidity_type is one of: maker, taker.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("position_effect__in", ["open", "close"])),
                        name="trades_position_effect_check",
                        violation_error_message="position_effect is one of: open, close.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)),
                        name="trades_quantity_positive_check",
                        violation_error_message="quantity is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price__gt", 0)),
                        name="trades_price_positive_check",
                        violation_error_message="price is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("contract_size__gt", 0)),
                        name="trades_contract_size_positive_check",
                        violation_error_message="contract_size is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("venue", ""), _negated=True),
                        name="trades_venue_check",
                        violation_error_message="The venue is not empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("execution_id", ""), _negated=True),
                        name="trades_execution_id_check",
                        violation_error_message="The execution id is not empty.",
                    ),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('fill__isnull', False)), models.Q(('busts__isnull', True)))), name='trades_fill_unless_bust_check', violation_error_message='A trade comes from a fill, or it busts another trade.'),
                    models.CheckConstraint(
                        condition=models.Q(("busts", models.F("id")), _negated=True),
                        name="trades_busts_another_check",
                        violation_error_message="A trade does not bust itself.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pnl", 0), ("position_effect", "close"), ("busts__isnull", False), _connector="OR"
                        ),
                        name="trades_pnl_on_close_check",
                        violation_error_message="Only a trade that closes or busts realizes profit or loss.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="fcddc4db7b718fc05112ae3c27cf4d053c858deb",
                            operation="UPDATE OR DELETE",
                            pgid="trades_append_only",
                            table="trades",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="ba212fc42897eeba93f1ff24ca6a1aaf5a725fc4",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="trades_append_only_truncate",
                            table="trades",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PositionAudit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "position",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="trading.position",
                    ),
                ),
                ("seq", models.BigIntegerField(help_text="Number of the event within its position.")),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("increased", "Increased"),
                            ("decreased", "Decreased"),
                            ("closed", "Closed"),
                            ("modified", "Modified"),
                            ("stop_loss_hit", "Stop Loss Hit"),
                            ("take_profit_hit", "Take Profit Hit"),
                            ("liquidated", "Liquidated"),
                            ("margin_call", "Margin Call"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "trade",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The trade that changed the quantity.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="position_events",
                        to="trading.trade",
                    ),
                ),
                ("quantity_before", config.database.fields.AmountField(help_text="Contracts.")),
                ("quantity_after", config.database.fields.AmountField(help_text="Contracts.")),
                ("price", config.database.fields.AmountField(blank=True, help_text="Quote currency.", null=True)),
                ("data", config.database.fields.MetadataField(help_text="What else the event changed.")),
                (
                    "triggered_by",
                    models.CharField(
                        blank=True, db_default="", help_text="User id, algorithm or part of the system.", max_length=64
                    ),
                ),
                ("reason", models.CharField(blank=True, db_default="", max_length=255)),
                (
                    "prev_seq",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.NullIf(
                            django.db.models.expressions.CombinedExpression(models.F("seq"), "-", models.Value(1)), models.Value(0)
                        ),
                        help_text="Number of the event before; empty for the first.",
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
            ],
            options={
                "verbose_name": "position event",
                "verbose_name_plural": "position audit",
                "db_table": "position_audit",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("position", "seq"), name="position_audit_position_seq_uniq"),
                    models.UniqueConstraint(
                        fields=("position", "seq", "quantity_after"), name="position_audit_head_uniq"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("trade__isnull", False)),
                        fields=("trade",),
                        name="position_audit_trade_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("seq__gt", 0)),
                        name="position_audit_seq_positive_check",
                        violation_error_message="seq is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "opened",
                                    "increased",
                                    "decreased",
                                    "closed",
                                    "modified",
                                    "stop_loss_hit",
                                    "take_profit_hit",
                                    "liquidated",
                                    "margin_call",
                                ],
                            )
                        ),
                        name="position_audit_event_type_check",
                        violation_error_message="event_type is one of: opened, increased, decreased, closed, modified, stop_loss_hit, take_profit_hit, liquidated, margin_call.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity_before__gte", 0)),
                        name="position_audit_quantity_before_not_negative_check",
                        violation_error_message="quantity_before is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity_after__gte", 0)),
                        name="position_audit_quantity_after_not_negative_check",
                        violation_error_message="quantity_after is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price__gt", 0)),
                        name="position_audit_price_positive_check",
                        violation_error_message="price is greater than zero.",
                    ),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('seq', 1)), models.Q(('event_type', 'opened'))), models.Q(('seq__gt', 1), ('quantity_before', 0), _connector='OR')), name='position_audit_first_event_check', violation_error_message='The first event of a position, and no other, opens it, from nothing.'),
                    models.CheckConstraint(condition=models.Q(models.Case(models.When(event_type__in=['opened', 'increased'], then=models.Q(('quantity_after__gt', models.F('quantity_before')))), models.When(event_type__in=['decreased', 'liquidated'], then=models.Q(('quantity_after__lt', models.F('quantity_before')))), models.When(event_type='closed', then=models.Q(('quantity_after', 0))), default=models.Value(True), output_field=models.BooleanField())), name='position_audit_quantity_by_event_check', violation_error_message='The quantity changes as the event says.'),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="d1fe4e80d091d82b5426fdb401cab0259a233143",
                            operation="UPDATE OR DELETE",
                            pgid="position_audit_append_only",
                            table="position_audit",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="b86857c80106769d71575a052ec88c8d6748a803",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="position_audit_append_only_truncate",
                            table="position_audit",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="instrumentmark",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="27bbaac2b4ee348114530a85b45523e594d26b2f",
                    operation="UPDATE OR DELETE",
                    pgid="instrument_marks_append_only",
                    table="instrument_marks",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="instrumentmark",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_truncate",
                sql=config.database.triggers.SharedTriggerSql(
                    execute="refuse_change()",
                    func="",
                    hash="6ab6bafb9451a1ed660a7aa6b3f286d58df39c19",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="instrument_marks_append_only_truncate",
                    table="instrument_marks",
                    when="BEFORE",
                ),
            ),
        ),
    ]
