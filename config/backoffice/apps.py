from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    """Building blocks of the admin; it has no tables of its own."""

    name = "config.backoffice"
    label = "backoffice"
