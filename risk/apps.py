from django.apps import AppConfig


class RiskConfig(AppConfig):
    """Limits, margin, circuit breakers, metrics and stress tests."""

    name = "risk"
    verbose_name = "Risk"
