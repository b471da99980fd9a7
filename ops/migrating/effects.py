"""Whether what a migration makes is there, without its record."""

import re
from enum import Enum
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


class Presence(Enum):
    """How much of a migration is there."""

    NOTHING = "nothing"
    PARTLY = "partly"
    WHOLE = "whole"

    @classmethod
    def of(cls, found: list[str], missing: list[str]) -> "Presence":
        if not found:
            return cls.NOTHING
        return cls.PARTLY if missing else cls.WHOLE


def presence(connection: Any, loader: MigrationLoader, migration: Migration) -> tuple[list[str], list[str]]:
    """What the migration makes that is there, and what is missing, as "table orders"; what leaves no trace is missing.

    A statement that cannot be recognised by its result (of data, of rights) counts as missing: nobody can tell whether
    it has run.
    """
    if not all(operation.reduces_to_sql for operation in migration.operations):
        return [], ["what its Python code does"]
    found: list[str] = []
    missing: list[str] = []
    for statement in plain_statements("\n".join(loader.collect_sql([(migration, False)]))):
        made = [(kind, match, query) for kind, pattern, query in _MAKES if (match := pattern.match(statement))]
        for kind, match, query in made[:1]:
            values = {"table": None, **match.groupdict()}
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                (found if cursor.fetchone()[0] else missing).append(f"{kind} {values['name']}")
        if not made and _UNSEEN.match(statement):
            missing.append(f"the effect of: {statement[:60]}")
    return found, missing
