from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    """Extensions, roles and the SQL functions that every other app's tables use."""

    name = "config.database"
    label = "database"
    verbose_name = "Database"
