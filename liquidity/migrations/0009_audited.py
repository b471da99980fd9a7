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
                    hash="5687a62bd3e611cf109459c8d22d6991d8c203fb",
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
                    hash="dc4b52e9a41678d59f088fb24089a6c02687aadc",
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
                    hash="ebf43caa94173b68a02fe64b10afcd265b47b593",
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
                    hash="da5f0f09daf65e1cbb5df108d4a7d069592e383f",
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
                    hash="cb61e2370f7183d7baac872506b6f5f9ce21ba6f",
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
                    hash="c261cb070f553e2d380f9a39f297279a06813d5e",
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
                    hash="a349de18e21200de5affe803075d6f31bc8f9c81",
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
                    hash="bab356ca404cb88c073cdcd7f3e1b0381bd3cd15",
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
                    hash="b7727af393a35eb4ed8958e41a520addca308866",
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
                    hash="ed8b39f6520a7da08d5ab954040e4df0c52c5576",
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
                    hash="05ec0a039ac5a52949a0ccbdc3beede2a8845eb2",
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
                    hash="74ce9968454bd1521af2bbcb203beb497a3f70a4",
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
