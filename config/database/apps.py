from django.apps import AppConfig
from django.db.models.signals import class_prepared

from config.database.finite import add_finite_check

# Apps are configured before any model is made.
class_prepared.connect(add_finite_check)


class DatabaseConfig(AppConfig):
    """Extensions, roles and the SQL functions that every other app's tables use."""

    name = "config.database"
    label = "database"
    verbose_name = "Database"
