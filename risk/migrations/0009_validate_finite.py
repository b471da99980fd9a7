from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding does not."""

    dependencies = [("risk", "0008_finite")]

    operations = [
        ValidateConstraint("circuitbreaker", "circuit_breakers_finite_check"),
        ValidateConstraint("circuitbreakerevent", "circuit_breaker_events_finite_check"),
        ValidateConstraint("leveragecap", "leverage_caps_finite_check"),
        ValidateConstraint("margincall", "margin_calls_finite_check"),
        ValidateConstraint("marginrate", "margin_rates_finite_check"),
        ValidateConstraint("marginrequirement", "margin_requirements_finite_check"),
        ValidateConstraint("portfoliorisk", "portfolio_risk_finite_check"),
        ValidateConstraint("positionriskmetric", "position_risk_metrics_finite_check"),
        ValidateConstraint("riskalert", "risk_alerts_finite_check"),
        ValidateConstraint("risklimit", "risk_limits_finite_check"),
        ValidateConstraint("risklimitbreach", "risk_limit_breaches_finite_check"),
        ValidateConstraint("stresstestresult", "stress_test_results_finite_check"),
        ValidateConstraint("stresstestscenario", "stress_test_scenarios_finite_check"),
    ]
