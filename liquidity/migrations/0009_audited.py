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
                    hash="8a2522205d3b2e8ab5bbd04265cb9dcca36a44ad",
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
                    hash="c939be40280b4517a3fc50b99d5fdfbbda054a77",
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
                    hash="fd66ae6aea866d002bb12e6b990b344ca180f2ce",
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
                    hash="991040b6ab82977996a4eb972ccd9de5fd7a6864",
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
                    hash="d72ad32f806d0e6753bcd6a8c9a84a105c85868f",
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
                    hash="7c75a2a772cf9f4a00a936f608094d6f5d3152e1",
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
                    hash="b49fd98ce5c959017926de212e2d66bc0954bcdc",
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
                    hash="aeed12b96580b3777bdd36d78bad04edb8647d39",
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
                    hash="caa65b2212f57b30c60cf6641d9a1ff87fb92f99",
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
                    hash="5ab040010199e6cf9f2939b3f3ccf0a8dbec6d4f",
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
                    hash="7edf7f2303ca27d056b120a127cc596b344d85da",
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
                    hash="14682ff22daf1d94f449953427a7e56c089f78e7",
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
