from typing import Any

from django.db.migrations import Migration
from psqlextra.backend.migrations.operations import PostgresAddDefaultPartition
from psqlextra.management.commands import pgmakemigrations


class Command(pgmakemigrations.Command):
    """Django's makemigrations, which knows partitioned models.

    Django's own makes an ordinary table of them, psqlextra's adds a DEFAULT partition; a table of ours has a
    catch-all instead (config.database.partitions).
    """

    def write_migration_files(self, changes: dict[str, list[Migration]], *args: Any, **kwargs: Any) -> None:
        for migrations in changes.values():
            for migration in migrations:
                migration.operations = [  # type: ignore[misc]
                    operation
                    for operation in migration.operations
                    if not isinstance(operation, PostgresAddDefaultPartition)
                ]
        super().write_migration_files(changes, *args, **kwargs)
