"""Which of PostgreSQL's table locks stop whom, and those of statements that cannot be watched in a transaction."""

import re

#: Strongest last (PostgreSQL manual, 13.3.1).
MODES = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
READERS, WRITERS = "reads and writes", "writes"
#: What INSERT, UPDATE and DELETE (or even SELECT) wait for.
BLOCKS = {
    "ShareLock": WRITERS,
    "ShareRowExclusiveLock": WRITERS,
    "ExclusiveLock": WRITERS,
    "AccessExclusiveLock": READERS,
}
#: Not a lock of a table: the rows that an UPDATE or DELETE has changed stay locked until it commits.
ROWS = "RowLocks"

_NAME = r'(?:ONLY\s+)?(?:"?\w+"?\.)?"?(?P<table>\w+)"?'
#: Statements that run outside a transaction, and the lock that each holds while it works (manual: their own pages).
_ALONE = [
    (re.compile(pattern.replace("NAME", _NAME), re.IGNORECASE | re.DOTALL), mode)
    for pattern, mode in (
        (r"CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\b.*?\bON\s+NAME", "ShareUpdateExclusiveLock"),
        (r"DROP\s+INDEX\s+CONCURRENTLY\s+(?:IF\s+EXISTS\s+)?NAME", "ShareUpdateExclusiveLock"),
        (r"REINDEX\s+(?:\([^)]*\)\s*)?(?:TABLE|INDEX)\s+CONCURRENTLY\s+NAME", "ShareUpdateExclusiveLock"),
        (r"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?NAME\s+DETACH\s+PARTITION\b", "ShareUpdateExclusiveLock"),
        (r"REFRESH\s+MATERIALIZED\s+VIEW\s+CONCURRENTLY\s+NAME", "ExclusiveLock"),
        (r"VACUUM\s+FULL\s+NAME", "AccessExclusiveLock"),
        (r"VACUUM\s+(?:\([^)]*\)\s*)?(?:ANALYZE\s+)?NAME", "ShareUpdateExclusiveLock"),
    )
]
_NOT_IN_TRANSACTION = re.compile(
    r"(CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY|DROP\s+INDEX\s+CONCURRENTLY|REINDEX\b.*\bCONCURRENTLY|VACUUM\b"
    r"|ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b.*\b(CONCURRENTLY|FINALIZE)|(CREATE|DROP)\s+(DATABASE|TABLESPACE)"
    r"|ALTER\s+SYSTEM|CLUSTER\s*$|(BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK)\b)",
    re.I | re.S,
)
_CHANGES_ROWS = re.compile(rf"(?:UPDATE|DELETE\s+FROM)\s+{_NAME}", re.I)


def runs_alone(statement: str) -> bool:
    """Whether PostgreSQL refuses the statement inside a transaction."""
    return _NOT_IN_TRANSACTION.match(statement) is not None


def known_lock(statement: str) -> tuple[str, str] | None:
    """(table or index, mode) that a statement outside a transaction is known to take."""
    for pattern, mode in _ALONE:
        if match := pattern.match(statement):
            return match["table"], mode
    return None


def table_of_changed_rows(statement: str) -> str | None:
    """The table whose rows an UPDATE or DELETE changes."""
    match = _CHANGES_ROWS.match(statement)
    return match["table"] if match else None
