from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Commands that need every other app, and the record of what they did."""

    name = "ops"
    verbose_name = "Operations"
