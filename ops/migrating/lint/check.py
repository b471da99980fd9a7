"""All rules on one migration."""

from collections.abc import Iterator

from django.db.migrations import Migration

from ops.migrating.lint import always, in_use
from ops.migrating.lint.subject import Finding, Subject
from ops.migrating.source import file_of

#: The last migration of each app in the release that was deployed first: what follows meets tables in use. Empty before
#: there is such a release, when every migration finds empty tables.
FIRST_DEPLOYMENT: dict[str, str] = {}


def subject_of(migration: Migration, sql: str) -> Subject:
    """A migration of the project with the SQL that it runs forwards."""
    source = file_of(migration).read_text(encoding="utf-8")
    return Subject(str(migration), migration.atomic, tuple(migration.operations), sql, source)


def meets_tables_in_use(migration: Migration) -> bool:
    """Whether it is younger than the first deployment of its app."""
    last = FIRST_DEPLOYMENT.get(migration.app_label)
    return last is not None and migration.name > last


def findings_of(subject: Subject, *, tables_in_use: bool = False) -> Iterator[Finding]:
    """What breaks a rule; those for `tables_in_use` only if asked for."""
    for rule in (*always.RULES, *(in_use.RULES if tables_in_use else ())):
        yield from rule(subject)
