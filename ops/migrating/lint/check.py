"""All rules on one migration."""

from collections.abc import Iterator

from django.db.migrations import Migration

from ops.migrating.lint import always, in_use
from ops.migrating.lint.subject import Finding, Subject
from ops.migrating.source import file_of

#: The last migration of each app before there was a release: it finds empty tables. What follows meets tables in use.
BEFORE_RELEASE = {
    "database": "0009_times",
    "audit": "0015_seal_statements",
    "accounts": "0020_activity",
    "trading": "0034_times_of_writing",
    "liquidity": "0011_transaction_indexes",
    "risk": "0013_risk_events",
    "ops": "0003_transaction_index",
}


def subject_of(migration: Migration, sql: str) -> Subject:
    """A migration of the project with the SQL that it runs forwards."""
    source = file_of(migration).read_text(encoding="utf-8")
    return Subject(str(migration), migration.atomic, tuple(migration.operations), sql, source)


def meets_tables_in_use(migration: Migration) -> bool:
    """Whether there may be rows and writers when it comes."""
    return migration.name > BEFORE_RELEASE.get(migration.app_label, "")


def findings_of(subject: Subject, *, tables_in_use: bool = False) -> Iterator[Finding]:
    """What breaks a rule; those for `tables_in_use` only if asked for."""
    for rule in (*always.RULES, *(in_use.RULES if tables_in_use else ())):
        yield from rule(subject)
