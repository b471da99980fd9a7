from decimal import Decimal

import config.database.constraints
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

import accounts.passwords
import config.database.fields
import config.database.triggers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("database", "0004_partitions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Currency",
            fields=[
                (
                    "code",
                    models.CharField(
                        help_text="3 to 10 capital letters or digits.", max_length=10, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "exponent",
                    models.SmallIntegerField(
                        db_default=2, default=2, help_text="Decimal places that amounts are rounded to; 8 are stored."
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("fiat", "Fiat"), ("crypto", "Crypto"), ("metal", "Metal")],
                        db_default="fiat",
                        default="fiat",
                        max_length=10,
                    ),
                ),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
            ],
            options={
                "verbose_name_plural": "currencies",
                "db_table": "currencies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[A-Z0-9]{3,10}$")),
                        name="currencies_code_format_check",
                        violation_error_message="A code has 3 to 10 capital letters or digits.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="currencies_name_check",
                        violation_error_message="A currency has a name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("exponent__gte", Decimal("0")), ("exponent__lte", Decimal("8"))),
                        name="currencies_exponent_range_check",
                        violation_error_message="exponent lies between 0 and 8.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["fiat", "crypto", "metal"])),
                        name="currencies_kind_check",
                        violation_error_message="kind is one of: fiat, crypto, metal.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="f0ab28db3e5344bb278decaec2d4eddbb96a96ae",
                            operation="UPDATE",
                            pgid="currencies_touch",
                            table="currencies",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("email", models.EmailField(max_length=254)),
                ("username", models.CharField(max_length=150)),
                (
                    "password",
                    accounts.passwords.PasswordField(
                        db_column="password_hash",
                        help_text="Argon2id, or bcrypt until the next log-in.",
                        max_length=128,
                    ),
                ),
                ("first_name", models.CharField(blank=True, db_default="", max_length=150)),
                ("last_name", models.CharField(blank=True, db_default="", max_length=150)),
                ("phone", models.CharField(blank=True, db_default="", max_length=32)),
                (
                    "country_code",
                    models.CharField(
                        blank=True, db_default="", help_text="Of residence, ISO 3166-1 alpha-2.", max_length=2
                    ),
                ),
                (
                    "kyc_status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("under_review", "Under review"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                        ],
                        db_default="pending",
                        default="pending",
                        max_length=20,
                    ),
                ),
                (
                    "kyc_level",
                    models.SmallIntegerField(
                        db_default=0, default=0, help_text="0 (nothing checked) to 3 (enhanced due diligence)."
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True, default=True, help_text="May log in.")),
                (
                    "is_staff",
                    models.BooleanField(db_default=False, default=False, help_text="May use the back office."),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        db_default=False, default=False, help_text="May do everything, whatever the roles say."
                    ),
                ),
                ("is_verified", models.BooleanField(db_default=False, default=False)),
                ("email_verified_at", models.DateTimeField(blank=True, null=True)),
                ("two_factor_enabled", models.BooleanField(db_default=False, default=False)),
                ("two_factor_secret", config.database.fields.EncryptedTextField(blank=True, db_default="")),
                ("last_login", models.DateTimeField(blank=True, db_column="last_login_at", editable=False, null=True)),
                ("last_login_ip", models.GenericIPAddressField(blank=True, editable=False, null=True)),
                (
                    "failed_login_attempts",
                    models.SmallIntegerField(
                        db_default=0, default=0, editable=False, help_text="Since the last success."
                    ),
                ),
                ("locked_until", models.DateTimeField(blank=True, help_text="No log-in before this time.", null=True)),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "users",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("deleted_at__isnull", True)),
                        name="users_email_uniq",
                        violation_error_message="This e-mail address is in use.",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("username"),
                        condition=models.Q(("deleted_at__isnull", True)),
                        name="users_username_uniq",
                        violation_error_message="This username is in use.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email__regex", "^[^@\\s]+@[^@\\s]+$")),
                        name="users_email_format_check",
                        violation_error_message="An e-mail address has a name, an @ and a host.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("username__regex", "^[^@\\s]+$")),
                        name="users_username_format_check",
                        violation_error_message="A username has neither spaces nor an @.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("country_code__regex", "^([A-Z]{2})?$")),
                        name="users_country_code_check",
                        violation_error_message="A country code has two capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kyc_status__in", ["pending", "under_review", "approved", "rejected"])),
                        name="users_kyc_status_check",
                        violation_error_message="kyc_status is one of: pending, under_review, approved, rejected.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kyc_level__gte", Decimal("0")), ("kyc_level__lte", Decimal("3"))),
                        name="users_kyc_level_range_check",
                        violation_error_message="kyc_level lies between 0 and 3.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("failed_login_attempts__gte", 0)),
                        name="users_failed_login_attempts_not_negative_check",
                        violation_error_message="failed_login_attempts is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("two_factor_enabled", False),
                            models.Q(("two_factor_secret", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="users_two_factor_secret_check",
                        violation_error_message="Two-factor log-in needs its secret.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="c594a67eb71a08289e080208c16bf9bde5e53562",
                            operation="UPDATE",
                            pgid="users_touch",
                            table="users",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="soft_delete",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="soft_delete()",
                            func="",
                            hash="026cf6e8679de22dcbc661955cd56d3f4a61cce4",
                            operation="DELETE",
                            pgid="users_soft_delete",
                            table="users",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("account_number", models.CharField(max_length=32)),
                (
                    "account_type",
                    models.CharField(
                        choices=[
                            ("demo", "Demo"),
                            ("live", "Live"),
                            ("margin", "Margin"),
                            ("islamic", "Islamic (no swaps)"),
                        ],
                        db_default="demo",
                        default="demo",
                        max_length=10,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("client", "Client"),
                            ("house", "House"),
                            ("liquidity_provider", "Liquidity provider"),
                            ("suspense", "Suspense"),
                        ],
                        db_default="client",
                        default="client",
                        max_length=20,
                    ),
                ),
                (
                    "oms_type",
                    models.CharField(
                        choices=[("netting", "Netting"), ("hedging", "Hedging")],
                        db_default="netting",
                        default="netting",
                        max_length=10,
                        verbose_name="OMS type",
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        db_column="currency",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.currency",
                    ),
                ),
                (
                    "balance",
                    config.database.fields.AmountField(
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="Sum of the ledger, in the account's currency.",
                    ),
                ),
                (
                    "equity",
                    config.database.fields.AmountField(
                        db_default=0, default=0, editable=False, help_text="Balance, credit and unrealized profit."
                    ),
                ),
                ("margin_used", config.database.fields.AmountField(db_default=0, default=0, editable=False)),
                ("margin_available", config.database.fields.AmountField(db_default=0, default=0, editable=False)),
                (
                    "margin_level",
                    config.database.fields.AmountField(
                        blank=True,
                        editable=False,
                        help_text="Equity in percent of the margin in use; empty while none is.",
                        null=True,
                    ),
                ),
                (
                    "unrealized_pnl",
                    config.database.fields.AmountField(
                        db_default=0, default=0, editable=False, verbose_name="unrealized P&L"
                    ),
                ),
                (
                    "realized_pnl",
                    config.database.fields.AmountField(
                        db_default=0, default=0, editable=False, verbose_name="realized P&L"
                    ),
                ),
                (
                    "credit",
                    config.database.fields.AmountField(
                        db_default=0, default=0, editable=False, help_text="Lent by the broker; cannot be withdrawn."
                    ),
                ),
                ("leverage", models.SmallIntegerField(db_default=1, default=1, help_text="30 means 30:1.")),
                (
                    "max_leverage",
                    models.SmallIntegerField(
                        db_default=30, default=30, help_text="The most that the client may choose."
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True, default=True)),
                (
                    "is_locked",
                    models.BooleanField(db_default=False, default=False, help_text="No new orders and no withdrawals."),
                ),
                ("locked_reason", models.CharField(blank=True, db_default="", max_length=200)),
                (
                    "broker_id",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Introducing or white-label broker.",
                        max_length=64,
                        verbose_name="broker id",
                    ),
                ),
                (
                    "group_name",
                    models.CharField(
                        blank=True, db_default="", help_text="Decides fees and conditions.", max_length=64
                    ),
                ),
                (
                    "last_seq",
                    models.BigIntegerField(
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="Number of the latest ledger entry; 0 before the first.",
                    ),
                ),
                ("metadata", config.database.fields.MetadataField()),
                (
                    "head_seq",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.NullIf(models.F("last_seq"), 0),
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
            ],
            options={
                "db_table": "accounts",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("account_number",), name="accounts_account_number_uniq"),
                    models.UniqueConstraint(fields=("id", "currency"), name="accounts_id_currency_uniq"),
                    models.UniqueConstraint(fields=("id", "user"), name="accounts_id_user_uniq"),
                    models.UniqueConstraint(fields=("id", "oms_type"), name="accounts_id_oms_type_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("account_number", ""), _negated=True),
                        name="accounts_account_number_check",
                        violation_error_message="An account has a number.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account_type__in", ["demo", "live", "margin", "islamic"])),
                        name="accounts_account_type_check",
                        violation_error_message="account_type is one of: demo, live, margin, islamic.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["client", "house", "liquidity_provider", "suspense"])),
                        name="accounts_kind_check",
                        violation_error_message="kind is one of: client, house, liquidity_provider, suspense.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("oms_type__in", ["netting", "hedging"])),
                        name="accounts_oms_type_check",
                        violation_error_message="oms_type is one of: netting, hedging.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("margin_used__gte", 0)),
                        name="accounts_margin_used_not_negative_check",
                        violation_error_message="margin_used is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credit__gte", 0)),
                        name="accounts_credit_not_negative_check",
                        violation_error_message="credit is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("leverage__gt", 0)),
                        name="accounts_leverage_positive_check",
                        violation_error_message="leverage is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("leverage__lte", models.F("max_leverage"))),
                        name="accounts_leverage_within_maximum_check",
                        violation_error_message="Leverage exceeds the account's maximum.",
                    ),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('is_locked', True)), models.Q(('locked_reason', ''), _negated=True))), name='accounts_locked_reason_check', violation_error_message='A locked account says why, another one does not.'),
                    models.CheckConstraint(
                        condition=models.Q(("last_seq__gte", 0)),
                        name="accounts_last_seq_not_negative_check",
                        violation_error_message="last_seq is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_seq__gt", 0), ("balance", 0), _connector="OR"),
                        name="accounts_balance_from_ledger_check",
                        violation_error_message="Before its first ledger entry an account is empty.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="a67513f52027b78b2159624438430e7b2b2bd34f",
                            operation="UPDATE",
                            pgid="accounts_touch",
                            table="accounts",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="soft_delete",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="soft_delete()",
                            func="",
                            hash="fbaba424afb85f7aa76d9e138a77fe9ecab09a93",
                            operation="DELETE",
                            pgid="accounts_soft_delete",
                            table="accounts",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("prefix", models.CharField(help_text="First characters of the key.", max_length=16)),
                (
                    "key_hash",
                    models.CharField(help_text="SHA-256 of the key in lower-case hexadecimal.", max_length=64),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        blank=True,
                        db_default=models.Value(
                            [],
                            output_field=django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), size=None
                            ),
                        ),
                        default=list,
                        help_text="What the key may be used for; none: nothing.",
                        size=None,
                    ),
                ),
                (
                    "allowed_ips",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.GenericIPAddressField(),
                        blank=True,
                        db_default=models.Value(
                            [],
                            output_field=django.contrib.postgres.fields.ArrayField(
                                base_field=models.GenericIPAddressField(), size=None
                            ),
                        ),
                        default=list,
                        help_text="Addresses that may use the key; none: all.",
                        size=None,
                    ),
                ),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "API key",
                "db_table": "api_keys",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("key_hash",), name="api_keys_key_hash_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("key_hash__regex", "^[0-9a-f]{64}$")),
                        name="api_keys_key_hash_format_check",
                        violation_error_message="Only the SHA-256 of a key is stored.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("prefix", ""), _negated=True),
                        name="api_keys_prefix_check",
                        violation_error_message="A key shows its first characters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__isnull", True), ("expires_at__gt", models.F("created_at")), _connector="OR"
                        ),
                        name="api_keys_expires_after_creation_check",
                        violation_error_message="A key expires after it was made.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("revoked_at__isnull", True), ("revoked_at__gte", models.F("created_at")), _connector="OR"
                        ),
                        name="api_keys_revoked_after_creation_check",
                        violation_error_message="A key is revoked after it was made.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="53209da4a794c3edc414767cb007b25fa3e9dc2a",
                            operation="UPDATE",
                            pgid="api_keys_touch",
                            table="api_keys",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientClassification",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="classifications",
                        to=settings.AUTH_USER_MODEL,
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
                    "valid_from",
                    models.DateField(
                        db_default=models.Func(
                            function="CURRENT_DATE", output_field=models.DateField(), template="%(function)s"
                        )
                    ),
                ),
                ("valid_until", models.DateField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, db_default="")),
            ],
            options={
                "db_table": "client_classifications",
                "abstract": False,
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("user", "="),
                            ("regime", "="),
                            (
                                models.Func(
                                    models.F("valid_from"),
                                    models.F("valid_until"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="client_classifications_period_excl",
                        violation_error_message="The client has a class of this regime already in that period.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("regime__in", ["ESMA", "FCA", "ASIC", "FINMA", "MAS", "JFSA", "CFTC", "OFFSHORE"])
                        ),
                        name="client_classifications_regime_check",
                        violation_error_message="regime is one of: ESMA, FCA, ASIC, FINMA, MAS, JFSA, CFTC, OFFSHORE.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("client_class__in", ["retail", "professional", "eligible_counterparty"])),
                        name="client_classifications_client_class_check",
                        violation_error_message="client_class is one of: retail, professional, eligible_counterparty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_until__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="client_classifications_period_check",
                        violation_error_message="A period ends after it begins.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="65812d3f3f603836601a677ce6c9a9012a2225fa",
                            operation="UPDATE",
                            pgid="client_classifications_touch",
                            table="client_classifications",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientIdentity",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lei",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Legal entity identifier, ISO 17442.",
                        max_length=20,
                        verbose_name="LEI",
                    ),
                ),
                (
                    "national_id",
                    config.database.fields.EncryptedTextField(
                        blank=True, db_default="", help_text="Passport, tax or identity card number."
                    ),
                ),
                (
                    "legal_name",
                    models.CharField(blank=True, db_default="", help_text="Of a legal entity.", max_length=350),
                ),
                ("first_names", models.CharField(blank=True, db_default="", max_length=140)),
                ("surname", models.CharField(blank=True, db_default="", max_length=140)),
                ("birth_date", models.DateField(blank=True, help_text="Of a person.", null=True)),
                ("country_code", models.CharField(help_text="Nationality or seat, ISO 3166-1 alpha-2.", max_length=2)),
            ],
            options={
                "verbose_name_plural": "client identities",
                "db_table": "client_identities",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("user",), name="client_identities_user_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("lei__regex", "^([A-Z0-9]{18}[0-9]{2})?$")),
                        name="client_identities_lei_format_check",
                        violation_error_message="A LEI has 18 letters or digits and 2 digits.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lei", ""), models.Q(("national_id", ""), _negated=True)),
                            models.Q(models.Q(("lei", ""), _negated=True), ("national_id", "")),
                            _connector="OR",
                        ),
                        name="client_identities_one_identifier_check",
                        violation_error_message="Either a LEI or a national id identifies the client.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("birth_date__isnull", False), ("lei", "")),
                            models.Q(models.Q(("lei", ""), _negated=True), ("birth_date__isnull", True)),
                            _connector="OR",
                        ),
                        name="client_identities_birth_date_of_person_check",
                        violation_error_message="A person has a birth date, a legal entity has none.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("legal_name", ""), ("surname", ""), _negated=True),
                        name="client_identities_name_check",
                        violation_error_message="A person has a surname, a legal entity its name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("country_code__regex", "^[A-Z]{2}$")),
                        name="client_identities_country_code_check",
                        violation_error_message="A country code has two capital letters.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="581d54a5dea1dd71609426ec6dd5708311c62fe1",
                            operation="UPDATE",
                            pgid="client_identities_touch",
                            table="client_identities",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("deposit", "Deposit"),
                            ("withdrawal", "Withdrawal"),
                            ("transfer", "Transfer"),
                            ("trade", "Trade"),
                            ("commission", "Commission"),
                            ("swap", "Swap"),
                            ("bonus", "Bonus"),
                            ("credit", "Credit"),
                            ("adjustment", "Adjustment"),
                            ("correction", "Correction"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=20,
                    ),
                ),
                ("idempotency_key", models.CharField(max_length=128)),
                (
                    "reversal_of",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversals",
                        to="accounts.journal",
                    ),
                ),
                ("description", models.TextField(blank=True, db_default="")),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty where no person was involved.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "journals",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("idempotency_key",), name="journals_idempotency_key_uniq"),
                    models.UniqueConstraint(
                        condition=models.Q(("reversal_of__isnull", False)),
                        fields=("reversal_of",),
                        name="journals_reversal_of_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "deposit",
                                    "withdrawal",
                                    "transfer",
                                    "trade",
                                    "commission",
                                    "swap",
                                    "bonus",
                                    "credit",
                                    "adjustment",
                                    "correction",
                                    "reversal",
                                ],
                            )
                        ),
                        name="journals_kind_check",
                        violation_error_message="kind is one of: deposit, withdrawal, transfer, trade, commission, swap, bonus, credit, adjustment, correction, reversal.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("idempotency_key", ""), _negated=True),
                        name="journals_idempotency_key_check",
                        violation_error_message="A journal has an idempotency key.",
                    ),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('kind', 'reversal')), models.Q(('reversal_of__isnull', False)))), name='journals_reversal_check', violation_error_message='A reversal, and nothing else, names the journal that it reverses.'),
                    models.CheckConstraint(
                        condition=models.Q(("reversal_of", models.F("id")), _negated=True),
                        name="journals_reverses_another_check",
                        violation_error_message="A journal does not reverse itself.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="b4be4836eb6d9c40a1d5ca641ac4b7fa918c57f9",
                            operation="UPDATE OR DELETE",
                            pgid="journals_append_only",
                            table="journals",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="897a5277940966fe1535bc87ac7b9ae0ea7dd182",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="journals_append_only_truncate",
                            table="journals",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserRole",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("user", "User"),
                            ("trader", "Trader"),
                            ("admin", "Admin"),
                            ("super_admin", "Super admin"),
                            ("risk_manager", "Risk manager"),
                            ("compliance_officer", "Compliance officer"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "granted_at",
                    models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow(), editable=False),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty where the system itself granted the role.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="granted_roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "user_roles",
                "abstract": False,
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("user", "="),
                            ("role", "="),
                            (
                                models.Func(
                                    models.F("granted_at"),
                                    models.F("expires_at"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="user_roles_period_excl",
                        violation_error_message="The user holds this role already in that period.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                ["user", "trader", "admin", "super_admin", "risk_manager", "compliance_officer"],
                            )
                        ),
                        name="user_roles_role_check",
                        violation_error_message="role is one of: user, trader, admin, super_admin, risk_manager, compliance_officer.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("granted_by", models.F("user")), _negated=True),
                        name="user_roles_granted_by_another_check",
                        violation_error_message="Nobody grants a role to himself.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__isnull", True), ("expires_at__gt", models.F("granted_at")), _connector="OR"
                        ),
                        name="user_roles_expires_after_grant_check",
                        violation_error_message="A role ends after it began.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="21a9392332acd8a1a6b6c7f065abbf3746859dac",
                            operation="UPDATE",
                            pgid="user_roles_touch",
                            table="user_roles",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UserSession",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "session_id",
                    models.CharField(help_text="Digest of the session's key, never the key itself.", max_length=128),
                ),
                ("ip_address", models.GenericIPAddressField(blank=True, null=True)),
                ("user_agent", models.TextField(blank=True, db_default="")),
                ("device_fingerprint", models.CharField(blank=True, db_default="", max_length=128)),
                ("started_at", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ("last_seen_at", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "user_sessions",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("session_id",), name="user_sessions_session_id_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("session_id", ""), _negated=True),
                        name="user_sessions_session_id_check",
                        violation_error_message="A session has an id.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_seen_at__gte", models.F("started_at"))),
                        name="user_sessions_seen_after_start_check",
                        violation_error_message="A session is not seen before it starts.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True), ("ended_at__gte", models.F("started_at")), _connector="OR"
                        ),
                        name="user_sessions_ended_after_start_check",
                        violation_error_message="A session does not end before it starts.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="c45528e366d33432dc7d227bed2e3b13387364c1",
                            operation="UPDATE",
                            pgid="user_sessions_touch",
                            table="user_sessions",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountAudit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="accounts.account",
                    ),
                ),
                ("seq", models.BigIntegerField(help_text="Number of the event in its account, from 1.")),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("activated", "Activated"),
                            ("deactivated", "Deactivated"),
                            ("locked", "Locked"),
                            ("unlocked", "Unlocked"),
                            ("leverage_changed", "Leverage changed"),
                            ("margin_call", "Margin call"),
                            ("liquidation", "Liquidation"),
                            ("balance_adjusted", "Balance adjusted"),
                            ("settings_changed", "Settings changed"),
                            ("closed", "Closed"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "data",
                    config.database.fields.MetadataField(
                        help_text="The facts of the event, such as the leverage before and after."
                    ),
                ),
                (
                    "triggered_by",
                    models.CharField(
                        blank=True, db_default="", help_text="A user's id, or the name of a service.", max_length=64
                    ),
                ),
                ("reason", models.TextField(blank=True, db_default="")),
                (
                    "prev_seq",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.NullIf(
                            django.db.models.expressions.CombinedExpression(models.F("seq"), "-", models.Value(1)), 0
                        ),
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
            ],
            options={
                "verbose_name": "account event",
                "db_table": "account_audit",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("account", "seq"), name="account_audit_account_seq_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("seq__gt", 0)),
                        name="account_audit_seq_positive_check",
                        violation_error_message="seq is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "created",
                                    "activated",
                                    "deactivated",
                                    "locked",
                                    "unlocked",
                                    "leverage_changed",
                                    "margin_call",
                                    "liquidation",
                                    "balance_adjusted",
                                    "settings_changed",
                                    "closed",
                                ],
                            )
                        ),
                        name="account_audit_event_type_check",
                        violation_error_message="event_type is one of: created, activated, deactivated, locked, unlocked, leverage_changed, margin_call, liquidation, balance_adjusted, settings_changed, closed.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="89e2b35e96c9211484adeb84b4bea8be98e21d22",
                            operation="UPDATE OR DELETE",
                            pgid="account_audit_append_only",
                            table="account_audit",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="edd1deaf677ede588eef5cfcca8eea83dee435cd",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="account_audit_append_only_truncate",
                            table="account_audit",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountTransaction",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                (
                    "journal",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="accounts.journal",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="accounts.account",
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        db_column="currency",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                ("seq", models.BigIntegerField(help_text="Number of the entry in its account, from 1.")),
                (
                    "transaction_type",
                    models.CharField(
                        choices=[
                            ("deposit", "Deposit"),
                            ("withdrawal", "Withdrawal"),
                            ("credit", "Credit"),
                            ("debit", "Debit"),
                            ("transfer", "Transfer"),
                            ("commission", "Commission"),
                            ("swap", "Swap"),
                            ("bonus", "Bonus"),
                            ("adjustment", "Adjustment"),
                            ("realized_pnl", "Realized profit or loss"),
                            ("correction", "Correction"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "amount",
                    config.database.fields.AmountField(
                        help_text="In the account's currency; positive increases the balance."
                    ),
                ),
                ("balance_before", config.database.fields.AmountField()),
                ("balance_after", config.database.fields.AmountField()),
                (
                    "reference_type",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Table of what caused the entry, such as trades.",
                        max_length=40,
                    ),
                ),
                ("reference_id", models.UUIDField(blank=True, null=True)),
                ("description", models.TextField(blank=True, db_default="")),
                ("processed_at", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                (
                    "prev_seq",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.NullIf(
                            django.db.models.expressions.CombinedExpression(models.F("seq"), "-", models.Value(1)), 0
                        ),
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
            ],
            options={
                "db_table": "account_transactions",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("account", "seq"), name="account_transactions_account_seq_uniq"),
                    models.CheckConstraint(
                        condition=models.Q(("seq__gt", 0)),
                        name="account_transactions_seq_positive_check",
                        violation_error_message="seq is greater than zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "transaction_type__in",
                                [
                                    "deposit",
                                    "withdrawal",
                                    "credit",
                                    "debit",
                                    "transfer",
                                    "commission",
                                    "swap",
                                    "bonus",
                                    "adjustment",
                                    "realized_pnl",
                                    "correction",
                                ],
                            )
                        ),
                        name="account_transactions_transaction_type_check",
                        violation_error_message="transaction_type is one of: deposit, withdrawal, credit, debit, transfer, commission, swap, bonus, adjustment, realized_pnl, correction.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True),
                        name="account_transactions_amount_not_zero_check",
                        violation_error_message="An entry moves money.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "balance_after",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("balance_before"), "+", models.F("amount")
                                ),
                            )
                        ),
                        name="account_transactions_balance_after_check",
                        violation_error_message="The balance after is the balance before and the amount.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("seq__gt", 1), ("balance_before", 0), _connector="OR"),
                        name="account_transactions_first_from_zero_check",
                        violation_error_message="The first entry starts from zero.",
                    ),
                    models.CheckConstraint(condition=models.Q(config.database.constraints.Agree(models.Q(('reference_type', '')), models.Q(('reference_id__isnull', True)))), name='account_transactions_reference_check', violation_error_message='A reference has both a type and an id.'),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="6082d7782be07fd6f853411017f38736fc790d93",
                            operation="UPDATE OR DELETE",
                            pgid="account_transactions_append_only",
                            table="account_transactions",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="append_only_truncate",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="refuse_change()",
                            func="",
                            hash="517b878c894e0de8204a91957384639cd0f50340",
                            level="STATEMENT",
                            operation="TRUNCATE",
                            pgid="account_transactions_append_only_truncate",
                            table="account_transactions",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CashRequest",
            fields=[
                ("id", config.database.fields.UUIDKeyField(serialize=False)),
                ("created_at", config.database.fields.CreatedAtField()),
                ("updated_at", config.database.fields.UpdatedAtField()),
                (
                    "account",
                    models.ForeignKey(
                        # Account and currency become one key (0009).
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cash_requests",
                        to="accounts.account",
                    ),
                ),
                (
                    "request_type",
                    models.CharField(
                        choices=[
                            ("deposit", "Deposit"),
                            ("withdrawal", "Withdrawal"),
                            ("bonus", "Bonus"),
                            ("adjustment", "Adjustment"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount", config.database.fields.AmountField(help_text="Only an adjustment may be negative.")),
                (
                    "currency",
                    models.ForeignKey(
                        db_column="currency",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.currency",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("processing", "Processing"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("canceled", "Canceled"),
                        ],
                        db_default="pending",
                        default="pending",
                        max_length=12,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "journal",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cash_requests",
                        to="accounts.journal",
                    ),
                ),
                ("payment_method", models.CharField(blank=True, db_default="", max_length=40)),
                (
                    "external_reference",
                    models.CharField(blank=True, db_default="", help_text="The payment provider's id.", max_length=128),
                ),
                ("failure_reason", models.CharField(blank=True, db_default="", max_length=200)),
                ("note", models.TextField(blank=True, db_default="")),
                ("metadata", config.database.fields.MetadataField()),
            ],
            options={
                "db_table": "cash_requests",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_reference", ""), _negated=True),
                        fields=("payment_method", "external_reference"),
                        name="cash_requests_external_reference_uniq",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("journal__isnull", False)),
                        fields=("journal",),
                        name="cash_requests_journal_uniq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("request_type__in", ["deposit", "withdrawal", "bonus", "adjustment"])),
                        name="cash_requests_request_type_check",
                        violation_error_message="request_type is one of: deposit, withdrawal, bonus, adjustment.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["pending", "processing", "completed", "failed", "canceled"])
                        ),
                        name="cash_requests_status_check",
                        violation_error_message="status is one of: pending, processing, completed, failed, canceled.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0),
                            models.Q(("request_type", "adjustment"), models.Q(("amount", 0), _negated=True)),
                            _connector="OR",
                        ),
                        name="cash_requests_amount_check",
                        violation_error_message="An amount is positive; an adjustment may be negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("requested_by")), _negated=True),
                        name="cash_requests_approved_by_another_check",
                        violation_error_message="Nobody approves his own request.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="cash_requests_approval_check",
                        violation_error_message="An approval has both a person and a time.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("journal__isnull", False), ("status", "completed")),
                            models.Q(models.Q(("status", "completed"), _negated=True), ("journal__isnull", True)),
                            _connector="OR",
                        ),
                        name="cash_requests_journal_when_completed_check",
                        violation_error_message="A completed request, and no other, has its journal.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "failed"), models.Q(("failure_reason", ""), _negated=True)),
                            models.Q(models.Q(("status", "failed"), _negated=True), ("failure_reason", "")),
                            _connector="OR",
                        ),
                        name="cash_requests_failure_reason_check",
                        violation_error_message="A failed request, and no other, says why.",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="touch",
                        sql=config.database.triggers.SharedTriggerSql(
                            execute="set_updated_at()",
                            func="",
                            hash="e963b3e9bc4d2217761f805151f06a929221af25",
                            operation="UPDATE",
                            pgid="cash_requests_touch",
                            table="cash_requests",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
    ]
