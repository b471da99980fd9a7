"""The SQL of the project's migrations, without running it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from ops.migrating.source import PROJECT_APPS


@dataclass(frozen=True)
class MigrationSql:
    """One migration and its forward SQL."""

    migration: Migration
    sql: str

    @property
    def file_name(self) -> str:
        return f"{self.migration}.sql"

    @property
    def script(self) -> str:
        """Between BEGIN and COMMIT where it runs in one transaction."""
        return f"BEGIN;\n{self.sql}\nCOMMIT;\n" if self.migration.atomic else f"{self.sql}\n"


def project_migrations() -> Iterator[MigrationSql]:
    """Every migration of the project's own apps, in the order in which they are applied."""
    loader = MigrationLoader(connection, replace_migrations=False)
    plan = loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True)
    for app, name in plan:
        if app not in PROJECT_APPS:
            continue
        migration = loader.graph.nodes[app, name]
        yield MigrationSql(migration, "\n".join(loader.collect_sql([(migration, False)])))
