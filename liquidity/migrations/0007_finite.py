from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from config.database.finite import AreFinite


class Migration(migrations.Migration):
    """Unvalidated, so that the tables are locked for a moment only; the next migration validates."""

    dependencies = [("liquidity", "0006_validate_references")]

    operations = [
        AddConstraintNotValid(
            model_name='clientprofile',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'toxicity_score', 'profitability_score', 'win_rate', 'avg_trade_duration_seconds', 'avg_trade_size', 'total_volume', 'total_pnl', 'total_commission', 'abook_percentage', 'bbook_percentage', 'last_analyzed')), name='client_profiles_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='liquidityprovider',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'deleted_at', 'min_order_size', 'max_order_size', 'last_heartbeat', 'latency_ms', 'uptime_percentage', 'total_volume_24h')), name='liquidity_providers_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='lpexposure',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'long_exposure', 'short_exposure', 'unrealized_pnl', 'realized_pnl_24h', 'volume_24h', 'exposure_limit')), name='lp_exposure_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='lpinstrument',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'min_quantity', 'max_quantity', 'tick_size', 'commission_rate', 'markup_bps', 'spread_markup_bps', 'max_slippage_bps')), name='lp_instruments_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='lporderrouting',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'quantity', 'routing_score', 'expected_fill_price', 'actual_fill_price', 'slippage', 'commission', 'routing_latency_ms', 'execution_latency_ms', 'routed_at', 'acknowledged_at', 'executed_at')), name='lp_order_routing_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='lpperformancemetric',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'time_bucket', 'spread_bps_sum', 'quantity_requested', 'quantity_filled', 'notional_filled', 'slippage_bps_sum', 'latency_ms_sum', 'latency_ms_max', 'downtime_seconds')), name='lp_performance_metrics_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='lpquote',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('quoted_at', 'received_at', 'bid', 'ask', 'bid_size', 'ask_size')), name='lp_quotes_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='sorrule',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'valid_from', 'valid_until')), name='sor_rules_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
    ]
