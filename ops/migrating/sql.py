"""The SQL of the project's migrations, without running it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from ops.migrating.source import PROJECT_APPS


@dataclass(frozen=True)
class MigrationSql:
    """One migration's forward SQL, between BEGIN and COMMIT where it runs in one transaction."""

    app: str
    name: str
    sql: str

    @property
    def file_name(self) -> str:
        return f"{self.app}.{self.name}.sql"


def project_migrations() -> Iterator[MigrationSql]:
    """Every migration of the project's own apps, in the order in which they are applied."""
    loader = MigrationLoader(connection, replace_migrations=False)
    plan = loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True)
    for app, name in plan:
        if app not in PROJECT_APPS:
            continue
        migration = loader.graph.nodes[app, name]
        statements = loader.collect_sql([(migration, False)])
        if migration.atomic:
            statements = ["BEGIN;", *statements, "COMMIT;"]
        yield MigrationSql(app, name, "\n".join(statements) + "\n")
