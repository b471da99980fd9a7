from ops.models.migration_runs import MigrationRun, MigrationStep

__all__ = ["MigrationRun", "MigrationStep"]
