"""Whether what a migration makes is there, without its record."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from ops.migrating.splitting import plain_statements

_NAME = r'(?:IF NOT EXISTS )?"?(?P<name>[\w$]+)"?'
_TABLE = r'(?:ONLY )?"?(?P<table>[\w$]+)"?'
#: (what a statement makes, how the catalog is asked whether it is there)
_MAKES: list[tuple[str, re.Pattern[str], str]] = [
    ("table", re.compile(rf"CREATE (?:UNLOGGED )?TABLE {_NAME}", re.I), "SELECT to_regclass(%(name)s) IS NOT NULL"),
    (
        "index",
        re.compile(rf"CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?{_NAME} ON", re.I),
        "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(%(name)s) AND indisvalid)",
    ),
    (
        "constraint",
        re.compile(rf"ALTER TABLE {_TABLE} .*?\bADD CONSTRAINT {_NAME}", re.I),
        "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = %(name)s AND conrelid = to_regclass(%(table)s))",
    ),
    (
        "column",
        re.compile(rf"ALTER TABLE {_TABLE} ADD COLUMN {_NAME}", re.I),
        "SELECT EXISTS (SELECT FROM pg_attribute WHERE attname = %(name)s AND attrelid = to_regclass(%(table)s)"
        " AND NOT attisdropped)",
    ),
    (
        "trigger",
        re.compile(rf"CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER {_NAME} .*? ON {_TABLE}", re.I),
        "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname = %(name)s AND tgrelid = to_regclass(%(table)s))",
    ),
]
#: A migration that also does one of these may have made what is there and not yet done the rest, or the reverse.
_UNSEEN = re.compile(
    r"(DROP|UPDATE|DELETE|INSERT|TRUNCATE|GRANT|REVOKE|DO|ALTER (?!TABLE)|CREATE OR REPLACE FUNCTION"
    r"|ALTER TABLE .*\b(DROP|RENAME|ALTER COLUMN)\b)",
    re.I,
)
_SHOWN = 60


@dataclass
class Presence:
    """How much of a migration is there: what it makes, as "table orders", and statements that leave no trace.

    Of those (of data, of rights) nobody can tell whether they have run.
    """

    found: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return bool(self.found) and not self.missing and not self.unseen


def presence(connection: Any, loader: MigrationLoader, migration: Migration) -> Presence:
    """What of a migration is in the database."""
    if not all(operation.reduces_to_sql for operation in migration.operations):
        return Presence(unseen=["Python code"])
    result = Presence()
    for statement in plain_statements("\n".join(loader.collect_sql([(migration, False)]))):
        made = [(kind, match, query) for kind, pattern, query in _MAKES if (match := pattern.match(statement))]
        for kind, match, query in made[:1]:
            values = {"table": None, **match.groupdict()}
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                (result.found if cursor.fetchone()[0] else result.missing).append(f"{kind} {values['name']}")
        if not made and _UNSEEN.match(statement):
            result.unseen.append(statement if len(statement) <= _SHOWN else f"{statement[:_SHOWN]}…")
    return result
