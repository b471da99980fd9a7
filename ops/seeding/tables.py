"""Which tables hold data, as the catalog knows them."""

from django.db import connection

#: Written by migrations, not by people: the schema is not complete without them.
KEPT = [
    "django_migrations",
    "migration_runs",
    "migration_steps",
    "django_content_type",
    "auth_permission",
    "order_status_transitions",
    "audit_layouts",
]

_TABLES = """
    SELECT oid::regclass::text FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND relname <> ALL (%s)
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
     ORDER BY 1
"""


def data_tables() -> list[str]:
    """Names of the tables whose rows are data, quoted; a partitioned one stands for its partitions."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [KEPT])
        return [name for (name,) in cursor.fetchall()]
