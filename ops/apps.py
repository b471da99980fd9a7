from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Commands that need every other app; no tables of its own."""

    name = "ops"
    verbose_name = "Operations"
