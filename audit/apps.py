from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who changed what, when and why."""

    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from audit import connections  # noqa: F401 - connects its receiver
        from audit.sealing.tombstones import certify
        from config.database.partitions import before_drop

        before_drop(certify)
