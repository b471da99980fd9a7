from ops.admin import migration_runs

__all__ = ["migration_runs"]
