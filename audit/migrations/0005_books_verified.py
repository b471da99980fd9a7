from django.db import migrations, models

from config.database.operations import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_storage")]

    operations = [
        RunSQLFile(
            "0005_books_verified",
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="systemevent",
                    name="system_events_event_type_check",
                ),
                migrations.AlterField(
                    model_name="systemevent",
                    name="event_type",
                    field=models.CharField(
                        choices=[
                            ("server_start", "Server start"),
                            ("server_stop", "Server stop"),
                            ("error", "Error"),
                            ("lp_connection_lost", "Provider connection lost"),
                            ("lp_connection_restored", "Provider connection restored"),
                            ("backup_completed", "Backup completed"),
                            ("backup_failed", "Backup failed"),
                            ("restore_completed", "Restore completed"),
                            ("migration_completed", "Migration completed"),
                            ("data_imported", "Data imported"),
                            ("books_verified", "Books verified"),
                            ("config_changed", "Configuration changed"),
                            ("security_alert", "Security alert"),
                        ],
                        max_length=32,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="systemevent",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "server_start",
                                    "server_stop",
                                    "error",
                                    "lp_connection_lost",
                                    "lp_connection_restored",
                                    "backup_completed",
                                    "backup_failed",
                                    "restore_completed",
                                    "migration_completed",
                                    "data_imported",
                                    "books_verified",
                                    "config_changed",
                                    "security_alert",
                                ],
                            )
                        ),
                        name="system_events_event_type_check",
                        violation_error_message="event_type is one of: server_start, server_stop, error, lp_connection_lost, lp_connection_restored, backup_completed, backup_failed, restore_completed, migration_completed, data_imported, books_verified, config_changed, security_alert.",
                    ),
                ),
            ],
        ),
    ]
