import audit.capture.triggers
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0009_capture"),
        ("liquidity", "0008_validate_finite"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="clientprofile",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_insert",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; user_id uuid; account_id uuid; profile_type varchar(12); toxicity_score numeric(5, 2); profitability_score numeric(5, 2); win_rate numeric(12, 8); avg_trade_duration_seconds numeric(24, 8); avg_trade_size numeric(24, 8); preferred_instruments varchar(32)[]; trading_style varchar(12); total_trades bigint; total_volume numeric(24, 8); total_pnl numeric(24, 8); total_commission numeric(24, 8); abook_percentage numeric(5, 2); bbook_percentage numeric(5, 2); risk_category varchar(10); auto_route boolean; manual_override_route varchar(10); model_version varchar(50); last_analyzed timestamp with time zone; metadata jsonb",
                    critical="true",
                    hash="caea7819bf75afd7be1d9c5bc13035b289205942",
                    operation="INSERT",
                    pgid="client_profiles_audit_insert",
                    table="client_profiles",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clientprofile",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_update",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; user_id uuid; account_id uuid; profile_type varchar(12); toxicity_score numeric(5, 2); profitability_score numeric(5, 2); win_rate numeric(12, 8); avg_trade_duration_seconds numeric(24, 8); avg_trade_size numeric(24, 8); preferred_instruments varchar(32)[]; trading_style varchar(12); total_trades bigint; total_volume numeric(24, 8); total_pnl numeric(24, 8); total_commission numeric(24, 8); abook_percentage numeric(5, 2); bbook_percentage numeric(5, 2); risk_category varchar(10); auto_route boolean; manual_override_route varchar(10); model_version varchar(50); last_analyzed timestamp with time zone; metadata jsonb",
                    critical="true",
                    hash="a828337c446182a554fdb98db1db1cc70f3b5b77",
                    operation="UPDATE",
                    pgid="client_profiles_audit_update",
                    table="client_profiles",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clientprofile",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_delete",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; user_id uuid; account_id uuid; profile_type varchar(12); toxicity_score numeric(5, 2); profitability_score numeric(5, 2); win_rate numeric(12, 8); avg_trade_duration_seconds numeric(24, 8); avg_trade_size numeric(24, 8); preferred_instruments varchar(32)[]; trading_style varchar(12); total_trades bigint; total_volume numeric(24, 8); total_pnl numeric(24, 8); total_commission numeric(24, 8); abook_percentage numeric(5, 2); bbook_percentage numeric(5, 2); risk_category varchar(10); auto_route boolean; manual_override_route varchar(10); model_version varchar(50); last_analyzed timestamp with time zone; metadata jsonb",
                    critical="true",
                    hash="09898b3e905b355c720da0e03495be4de442278f",
                    operation="DELETE",
                    pgid="client_profiles_audit_delete",
                    table="client_profiles",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clientprofile",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_truncate",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="",
                    critical="true",
                    hash="71b824ea1be1cbacbfa8665c60f4b77063519024",
                    operation="TRUNCATE",
                    pgid="client_profiles_audit_truncate",
                    table="client_profiles",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="liquidityprovider",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_insert",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; deleted_at timestamp with time zone; name varchar(100); provider_type varchar(20); protocol varchar(20); lei varchar(20); is_active boolean; priority integer; min_order_size numeric(24, 8); max_order_size numeric(24, 8); supported_instruments varchar(32)[]; connection_string text; api_key text hidden; api_secret text hidden; connection_status varchar(20); last_heartbeat timestamp with time zone; latency_ms numeric(10, 3); uptime_percentage numeric(5, 2); currency varchar(10); total_volume_24h numeric(24, 8); total_trades_24h bigint; config jsonb",
                    critical="true",
                    hash="36e0fd04cbdc9c46de805f3305aa5f1b8b6f87bf",
                    operation="INSERT",
                    pgid="liquidity_providers_audit_insert",
                    table="liquidity_providers",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="liquidityprovider",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_update",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; deleted_at timestamp with time zone; name varchar(100); provider_type varchar(20); protocol varchar(20); lei varchar(20); is_active boolean; priority integer; min_order_size numeric(24, 8); max_order_size numeric(24, 8); supported_instruments varchar(32)[]; connection_string text; api_key text hidden; api_secret text hidden; connection_status varchar(20); last_heartbeat timestamp with time zone; latency_ms numeric(10, 3); uptime_percentage numeric(5, 2); currency varchar(10); total_volume_24h numeric(24, 8); total_trades_24h bigint; config jsonb",
                    critical="true",
                    hash="206f5126e23f4c2c0d4910ef25078a957df31a27",
                    operation="UPDATE",
                    pgid="liquidity_providers_audit_update",
                    table="liquidity_providers",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="liquidityprovider",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_delete",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; deleted_at timestamp with time zone; name varchar(100); provider_type varchar(20); protocol varchar(20); lei varchar(20); is_active boolean; priority integer; min_order_size numeric(24, 8); max_order_size numeric(24, 8); supported_instruments varchar(32)[]; connection_string text; api_key text hidden; api_secret text hidden; connection_status varchar(20); last_heartbeat timestamp with time zone; latency_ms numeric(10, 3); uptime_percentage numeric(5, 2); currency varchar(10); total_volume_24h numeric(24, 8); total_trades_24h bigint; config jsonb",
                    critical="true",
                    hash="fc34f6aefaff81d0a577d2419555ec2c73a8f1d4",
                    operation="DELETE",
                    pgid="liquidity_providers_audit_delete",
                    table="liquidity_providers",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="liquidityprovider",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_truncate",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="",
                    critical="true",
                    hash="4513e4e2eeb51b6916e5faddd5354a8c0880a8af",
                    operation="TRUNCATE",
                    pgid="liquidity_providers_audit_truncate",
                    table="liquidity_providers",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lpinstrument",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_insert",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; provider_id uuid; instrument_id uuid; lp_symbol varchar(64); is_enabled boolean; min_quantity numeric(24, 8); max_quantity numeric(24, 8); tick_size numeric(24, 8); commission_rate numeric(12, 8); markup_bps numeric(12, 8); spread_markup_bps numeric(12, 8); priority integer; max_slippage_bps numeric(12, 8); trading_hours jsonb",
                    critical="true",
                    hash="40548cc9b3781844d8e78e49549ffd6aa88488ae",
                    operation="INSERT",
                    pgid="lp_instruments_audit_insert",
                    table="lp_instruments",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lpinstrument",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_update",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; provider_id uuid; instrument_id uuid; lp_symbol varchar(64); is_enabled boolean; min_quantity numeric(24, 8); max_quantity numeric(24, 8); tick_size numeric(24, 8); commission_rate numeric(12, 8); markup_bps numeric(12, 8); spread_markup_bps numeric(12, 8); priority integer; max_slippage_bps numeric(12, 8); trading_hours jsonb",
                    critical="true",
                    hash="efcf411fd040064a228889f89df9d7356fed93f0",
                    operation="UPDATE",
                    pgid="lp_instruments_audit_update",
                    table="lp_instruments",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lpinstrument",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_delete",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; provider_id uuid; instrument_id uuid; lp_symbol varchar(64); is_enabled boolean; min_quantity numeric(24, 8); max_quantity numeric(24, 8); tick_size numeric(24, 8); commission_rate numeric(12, 8); markup_bps numeric(12, 8); spread_markup_bps numeric(12, 8); priority integer; max_slippage_bps numeric(12, 8); trading_hours jsonb",
                    critical="true",
                    hash="56298a1562834785e0f3bf120379062d244ae0f5",
                    operation="DELETE",
                    pgid="lp_instruments_audit_delete",
                    table="lp_instruments",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lpinstrument",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_truncate",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="",
                    critical="true",
                    hash="0f9a2d0cb1e7cfbfc04bc32ef59ec7c321aa239b",
                    operation="TRUNCATE",
                    pgid="lp_instruments_audit_truncate",
                    table="lp_instruments",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sorrule",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_insert",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; rule_name varchar(100); description text; rule_type varchar(12); priority integer; conditions jsonb; actions jsonb; fallback_action varchar(10); is_active boolean; valid_from timestamp with time zone; valid_until timestamp with time zone",
                    critical="true",
                    hash="c5e7e25bc4687a6d48610df495b5d995bc32e395",
                    operation="INSERT",
                    pgid="sor_rules_audit_insert",
                    table="sor_rules",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sorrule",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_update",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; rule_name varchar(100); description text; rule_type varchar(12); priority integer; conditions jsonb; actions jsonb; fallback_action varchar(10); is_active boolean; valid_from timestamp with time zone; valid_until timestamp with time zone",
                    critical="true",
                    hash="9a3659303c47459afcbc711e325e22bc05d2477b",
                    operation="UPDATE",
                    pgid="sor_rules_audit_update",
                    table="sor_rules",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sorrule",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_delete",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="id uuid; created_at timestamp with time zone; rule_name varchar(100); description text; rule_type varchar(12); priority integer; conditions jsonb; actions jsonb; fallback_action varchar(10); is_active boolean; valid_from timestamp with time zone; valid_until timestamp with time zone",
                    critical="true",
                    hash="7f0a059e798fc913e083e165f47d0f9678f6e846",
                    operation="DELETE",
                    pgid="sor_rules_audit_delete",
                    table="sor_rules",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sorrule",
            trigger=audit.capture.triggers.CompiledAuditTrigger(
                name="audit_truncate",
                sql=audit.capture.triggers.AuditTriggerSql(
                    columns="",
                    critical="true",
                    hash="5ababed16a26df1c6c984e90c84b99a146aa103a",
                    operation="TRUNCATE",
                    pgid="sor_rules_audit_truncate",
                    table="sor_rules",
                ),
            ),
        ),
    ]
