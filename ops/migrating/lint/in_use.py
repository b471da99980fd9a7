"""Rules for migrations of tables that others read and write meanwhile."""

import re
from collections.abc import Iterator

from ops.migrating.lint.subject import Finding, Subject
from ops.migrating.lock_modes import Lock, locks_taken

_FLAGS = re.IGNORECASE
_NAME = r'("[^"]+"|[\w$]+)'
_NEW_COLUMN = r"\bADD (COLUMN )?(?!(CONSTRAINT|GENERATED)\b)"
#: The same, with what is said of it.
_COLUMN = rf"{_NEW_COLUMN}\S.*"
#: (rule, what it finds in a statement on a table that was there, what to do instead)
_PATTERNS: list[tuple[str, re.Pattern[str], str]] = [
    (
        "index-under-lock",
        re.compile(r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)", _FLAGS),
        "An index that is made in a transaction stops all writers: AddIndexesConcurrently.",
    ),
    (
        "index-dropped-under-lock",
        re.compile(r"DROP INDEX (?!CONCURRENTLY)", _FLAGS),
        "Dropping an index stops everybody: DROP INDEX CONCURRENTLY.",
    ),
    (
        "unique-under-lock",
        re.compile(
            rf"ALTER TABLE .*(\bADD (CONSTRAINT {_NAME} )?(UNIQUE|PRIMARY KEY|EXCLUDE)(?! USING INDEX)"
            rf"|{_COLUMN} (UNIQUE|PRIMARY KEY))\b"
            r"(?!.* USING INDEX)",
            _FLAGS,
        ),
        "The constraint's index is made under the lock: AddUniqueOnline.",
    ),
    (
        "rows-read-under-lock",
        re.compile(
            rf"ALTER TABLE .*(\bADD (CONSTRAINT {_NAME} )?(CHECK|FOREIGN KEY)|{_COLUMN} CHECK)\b"
            r"(?!.*\bNOT VALID\s*(,|$))",
            _FLAGS,
        ),
        "All rows are read under the lock: AddCheckOnline, AddForeignKeyOnline.",
    ),
    (
        "not-null-under-lock",
        re.compile(r"ALTER TABLE .*\bSET NOT NULL", _FLAGS),
        "All rows are read under the lock: SetNotNullOnline.",
    ),
    (
        "rewrite",
        re.compile(
            r"ALTER TABLE .*(\bTYPE\b|\bSET (UN)?LOGGED|\bSET TABLESPACE|\bGENERATED ALWAYS AS \(.*STORED"
            r"|\bADD (COLUMN )?.*\bDEFAULT \(?\"?(?!now\b|statement_timestamp\b|transaction_timestamp\b)\w+\"?\()",
            _FLAGS,
        ),
        "The whole table is rewritten under the lock: a new column, Backfill, then exchange them.",
    ),
    (
        "rewrite",
        re.compile(
            rf"ALTER TABLE .*{_NEW_COLUMN}(IF NOT EXISTS )?{_NAME}"
            r" [^,]*(\bAS IDENTITY\b|\b(small|big)?serial[248]?\b)",
            _FLAGS,
        ),
        "Every row gets its number under the lock: an empty column, Backfill, then its default.",
    ),
    (
        "rewrite",
        re.compile(r"(CLUSTER|VACUUM \(?FULL)\b", _FLAGS),
        "The whole table is rewritten under the lock: leave it to a time without trade.",
    ),
    (
        "unbatched-change",
        re.compile(
            rf"(WITH\b.*\b)?(UPDATE (ONLY )?{_NAME}(\.{_NAME})?( (AS )?\w+)? SET|DELETE FROM|MERGE INTO)\b", _FLAGS
        ),
        "All rows are locked until the end: Backfill goes in batches.",
    ),
    ("truncate", re.compile(r"TRUNCATE\b", _FLAGS), "TRUNCATE stops everybody, and rows are gone."),
    (
        "explicit-lock",
        re.compile(r"LOCK (TABLE )?", _FLAGS),
        "A lock of one's own is held to the end of the migration: leave it to the statements.",
    ),
    (
        "name-in-use",
        re.compile(r"ALTER TABLE .*\bRENAME\b", _FLAGS),
        "The code that runs knows the old name: a new column or a view first, the old name away a release later.",
    ),
    (
        "dropped-in-use",
        re.compile(
            r"(ALTER TABLE .*\bDROP (?!(CONSTRAINT|DEFAULT|NOT NULL|EXPRESSION|IDENTITY)\b)|DROP TABLE\b)", _FLAGS
        ),
        "The code that runs may use it: stop that in one release, drop it in the next, on its own"
        " (`deployed_unused = True` on the migration).",
    ),
    (
        "partition-made-under-lock",
        re.compile(r"CREATE TABLE .*\bPARTITION OF\b", _FLAGS),
        "It takes the strongest lock of the parent: make the table aside, then AttachPartition.",
    ),
    (
        "rebuilt-under-lock",
        re.compile(r"(REINDEX (?!.*\bCONCURRENTLY\b)|REFRESH MATERIALIZED VIEW (?!CONCURRENTLY\b))", _FLAGS),
        "It stops all writers of the table, or readers of the view: CONCURRENTLY.",
    ),
    (
        "hidden-in-block",
        re.compile(
            r"DO\b.*\b(ALTER TABLE|UPDATE \S+ SET|(DELETE FROM|INSERT INTO|MERGE INTO|TRUNCATE|LOCK TABLE|DROP TABLE"
            r"|CREATE (UNIQUE )?INDEX|DROP INDEX|REINDEX)\b)",
            _FLAGS,
        ),
        "Nobody sees what a block locks, and for how long: statements of their own, or Backfill.",
    ),
]
_ATTACH = re.compile(r"ALTER TABLE .* ATTACH PARTITION \"?(?P<part>\w+)", _FLAGS)
_VALIDATE = re.compile(r"ALTER TABLE .* VALIDATE CONSTRAINT", _FLAGS)


def statements_under_lock(subject: Subject) -> Iterator[Finding]:
    """What must not be done to a table in one statement."""
    for statement in subject.statements:
        tables = {taken.table for taken in locks_taken(statement)}
        if tables and tables <= subject.created:
            continue
        for rule, pattern, sentence in _PATTERNS:
            if pattern.match(statement) and not _is_proved(subject, rule, statement):
                yield Finding(subject.label, rule, sentence, statement)


def _is_proved(subject: Subject, rule: str, statement: str) -> bool:
    """SET NOT NULL after a validated CHECK reads nothing; Backfill goes in batches; a column may be known as unused."""
    if rule == "not-null-under-lock":
        before = subject.statements[: subject.statements.index(statement)]
        return not subject.atomic and any(_VALIDATE.match(text) and "not_null" in text for text in before)
    if rule == "unbatched-change":
        return any(type(operation).__name__ == "Backfill" for operation in subject.operations)
    return rule == "dropped-in-use" and "deployed_unused = True" in subject.source


def several_tables(subject: Subject) -> Iterator[Finding]:
    """In one transaction, the locks of the first table are held while the second one is waited for."""
    if not subject.atomic:
        return
    tables = dict.fromkeys(table for _, lock, table in subject.on_others() if lock.stops_writers)
    pairs = {table for statement in subject.statements for table in _together(statement)}
    if len(set(tables) - pairs) > 1 or (len(tables) > 2 and pairs):
        yield Finding(
            subject.label,
            "several-tables",
            f"It stops the writers of {', '.join(tables)} at once, until its end: a migration for each.",
        )


def _together(statement: str) -> set[str]:
    """The tables that one statement locks: a foreign key cannot do with one."""
    tables = {taken.table for taken in locks_taken(statement) if taken.lock.stops_writers}
    return tables if len(tables) > 1 else set()


def validated_under_lock(subject: Subject) -> Iterator[Finding]:
    """VALIDATE reads all rows; in the transaction that added the constraint, under that one's lock."""
    if not subject.atomic:
        return
    strong = {table for _, lock, table in subject.on_others() if lock.stops_writers}
    for statement in subject.statements:
        if _VALIDATE.match(statement) and {taken.table for taken in locks_taken(statement)} & strong:
            yield Finding(
                subject.label,
                "validated-under-lock",
                "Validate in a migration of its own, or AddCheckOnline.",
                statement,
            )


def data_with_schema(subject: Subject) -> Iterator[Finding]:
    """Rows are changed while a strong lock is held, or are locked while one is waited for."""
    if not subject.atomic:
        return
    strong = [table for _, lock, table in subject.on_others() if lock.stops_writers]
    written = [text for text, lock, _ in subject.on_others() if lock == Lock.ROW_EXCLUSIVE]
    if strong and written:
        yield Finding(
            subject.label,
            "data-with-schema",
            f"It changes rows while {strong[0]} is locked: two migrations.",
            written[0],
        )


def attached_unproved(subject: Subject) -> Iterator[Finding]:
    """ATTACH PARTITION reads all rows under its lock, unless a CHECK proves them."""
    for number, statement in enumerate(subject.statements):
        match = _ATTACH.match(statement)
        if match and match["part"] not in subject.created:
            before = " ".join(subject.statements[:number])
            if not re.search(rf"ALTER TABLE \"?{match['part']}\"? VALIDATE CONSTRAINT", before, _FLAGS):
                yield Finding(
                    subject.label, "attached-unproved", "All rows are read under the lock: AttachPartition.", statement
                )


RULES = (statements_under_lock, several_tables, validated_under_lock, data_with_schema, attached_unproved)
