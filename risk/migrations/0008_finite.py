from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from config.database.finite import AreFinite


class Migration(migrations.Migration):
    """Unvalidated, so that the tables are locked for a moment only; the next migration validates."""

    dependencies = [("risk", "0007_storage")]

    operations = [
        AddConstraintNotValid(
            model_name='circuitbreaker',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'threshold_value', 'current_value', 'triggered_at', 'reset_at')), name='circuit_breakers_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='circuitbreakerevent',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'trigger_value', 'threshold_value')), name='circuit_breaker_events_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='leveragecap',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'max_leverage')), name='leverage_caps_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='margincall',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'margin_level', 'margin_required', 'margin_available', 'notified_at', 'resolved_at')), name='margin_calls_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='marginrate',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'max_leverage', 'initial_rate', 'maintenance_rate', 'valid_from', 'valid_until')), name='margin_rates_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='marginrequirement',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'position_size', 'initial_margin', 'maintenance_margin', 'margin_call_level', 'stop_out_level', 'leverage', 'calculated_at')), name='margin_requirements_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='portfoliorisk',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('time_bucket', 'total_exposure', 'net_exposure', 'gross_exposure', 'value_at_risk', 'conditional_value_at_risk', 'correlation_risk', 'concentration_risk', 'liquidity_risk', 'leverage', 'sharpe_ratio', 'sortino_ratio', 'current_drawdown', 'max_drawdown', 'largest_position_percentage', 'risk_score', 'created_at')), name='portfolio_risk_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='positionriskmetric',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('value_at_risk', 'conditional_value_at_risk', 'expected_shortfall', 'confidence', 'volatility', 'beta', 'delta', 'gamma', 'theta', 'vega', 'current_drawdown', 'max_drawdown', 'distance_to_liquidation', 'risk_score', 'calculated_at', 'created_at')), name='position_risk_metrics_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='riskalert',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'last_occurred_at', 'acknowledged_at', 'resolved_at')), name='risk_alerts_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='risklimit',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'limit_value', 'warning_threshold')), name='risk_limits_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='risklimitbreach',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'limit_value', 'actual_value', 'resolved_at')), name='risk_limit_breaches_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='stresstestresult',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'portfolio_value_before', 'portfolio_value_after', 'max_drawdown', 'risk_score')), name='stress_test_results_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='stresstestscenario',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at')), name='stress_test_scenarios_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
    ]
