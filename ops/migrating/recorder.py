"""Which migrations are applied: one row each, and the database holds to that."""

from typing import Any

from django.db.migrations.recorder import MigrationRecorder

UNIQUE_INDEX = "django_migrations_app_name_uniq"


class UniqueRecorder(MigrationRecorder):
    """Django's recorder, with a unique index on (app, name)."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._is_unique = False

    def ensure_schema(self) -> None:
        super().ensure_schema()
        if self._is_unique:
            return
        table = self.connection.ops.quote_name(self.Migration._meta.db_table)
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)", [UNIQUE_INDEX])
            if cursor.fetchone()[0] is None:
                # Deployers without a lock have left pairs: the first of each says when it was applied.
                cursor.execute(
                    f"DELETE FROM {table} m WHERE EXISTS"
                    f" (SELECT FROM {table} o WHERE o.app = m.app AND o.name = m.name AND o.id < m.id)"
                )
                cursor.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {UNIQUE_INDEX} ON {table} (app, name)")
        self._is_unique = True
