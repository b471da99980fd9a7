from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """A transaction of its own: validating lets readers and writers through, adding does not."""

    dependencies = [("liquidity", "0007_finite")]

    operations = [
        ValidateConstraint("clientprofile", "client_profiles_finite_check"),
        ValidateConstraint("liquidityprovider", "liquidity_providers_finite_check"),
        ValidateConstraint("lpexposure", "lp_exposure_finite_check"),
        ValidateConstraint("lpinstrument", "lp_instruments_finite_check"),
        ValidateConstraint("lporderrouting", "lp_order_routing_finite_check"),
        ValidateConstraint("lpperformancemetric", "lp_performance_metrics_finite_check"),
        ValidateConstraint("lpquote", "lp_quotes_finite_check"),
        ValidateConstraint("sorrule", "sor_rules_finite_check"),
    ]
