"""Which lock a statement takes on which table, by PostgreSQL's documentation (13.3, and the page of each command)."""

import re
from dataclasses import dataclass
from enum import IntEnum


class Lock(IntEnum):
    """The locks of tables, the weakest first."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    def __str__(self) -> str:
        return self.name.replace("_", " ")

    @property
    def stops_writers(self) -> bool:
        """Whether INSERT, UPDATE and DELETE wait for it."""
        return self >= Lock.SHARE


@dataclass(frozen=True)
class Taken:
    """One lock on one table; for an index that is dropped, the table is only known as that of the index."""

    lock: Lock
    table: str


_NAME = r'(?:ONLY )?(?:IF EXISTS )?(?:IF NOT EXISTS )?(?P<{}>(?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)'


def _name(group: str = "table") -> str:
    return _NAME.format(group)


def _rule(pattern: str, *taken: tuple[Lock, str]) -> tuple[re.Pattern[str], tuple[tuple[Lock, str], ...]]:
    return re.compile(pattern, re.IGNORECASE), taken


_TABLE = _name()
#: The first that matches counts. An empty list: no lock of a table that is there.
_RULES = [
    _rule(rf"CREATE (UNIQUE )?INDEX CONCURRENTLY .*?\bON {_TABLE}", (Lock.SHARE_UPDATE_EXCLUSIVE, "table")),
    _rule(rf"CREATE (UNIQUE )?INDEX .*?\bON {_TABLE}", (Lock.SHARE, "table")),
    _rule(rf"DROP INDEX CONCURRENTLY {_TABLE}", (Lock.SHARE_UPDATE_EXCLUSIVE, "table")),
    _rule(rf"DROP INDEX {_TABLE}", (Lock.ACCESS_EXCLUSIVE, "table")),
    _rule(rf"ALTER TABLE {_TABLE} VALIDATE CONSTRAINT", (Lock.SHARE_UPDATE_EXCLUSIVE, "table")),
    _rule(
        rf"ALTER TABLE {_TABLE} ATTACH PARTITION {_name('part')}",
        (Lock.SHARE_UPDATE_EXCLUSIVE, "table"),
        (Lock.ACCESS_EXCLUSIVE, "part"),
    ),
    _rule(
        rf"ALTER TABLE {_TABLE} DETACH PARTITION {_name('part')} (CONCURRENTLY|FINALIZE)",
        (Lock.SHARE_UPDATE_EXCLUSIVE, "table"),
        (Lock.ACCESS_EXCLUSIVE, "part"),
    ),
    _rule(
        rf"ALTER TABLE {_TABLE} DETACH PARTITION {_name('part')}",
        (Lock.ACCESS_EXCLUSIVE, "table"),
        (Lock.ACCESS_EXCLUSIVE, "part"),
    ),
    _rule(
        rf"ALTER TABLE {_TABLE} ADD (CONSTRAINT \S+ )?FOREIGN KEY .*?\bREFERENCES {_name('other')}",
        (Lock.SHARE_ROW_EXCLUSIVE, "table"),
        (Lock.SHARE_ROW_EXCLUSIVE, "other"),
    ),
    _rule(
        rf"ALTER TABLE {_TABLE} ADD (COLUMN )?.*?\bREFERENCES {_name('other')}",
        (Lock.ACCESS_EXCLUSIVE, "table"),
        (Lock.SHARE_ROW_EXCLUSIVE, "other"),
    ),
    _rule(rf"ALTER TABLE {_TABLE} (ENABLE|DISABLE) (ALWAYS |REPLICA )?TRIGGER", (Lock.SHARE_ROW_EXCLUSIVE, "table")),
    _rule(rf"ALTER TABLE {_TABLE} ALTER (COLUMN )?\S+ SET STATISTICS", (Lock.SHARE_UPDATE_EXCLUSIVE, "table")),
    _rule(rf"ALTER TABLE {_TABLE} (RE)?SET \(", (Lock.SHARE_UPDATE_EXCLUSIVE, "table")),
    _rule(rf"ALTER TABLE {_TABLE}", (Lock.ACCESS_EXCLUSIVE, "table")),
    _rule(rf"CREATE (OR REPLACE )?(CONSTRAINT )?TRIGGER .*? ON {_TABLE}", (Lock.SHARE_ROW_EXCLUSIVE, "table")),
    _rule(rf"DROP TRIGGER .*? ON {_TABLE}", (Lock.ACCESS_EXCLUSIVE, "table")),
    _rule(rf"(CREATE|ALTER|DROP) (POLICY|RULE) .*? ON {_TABLE}", (Lock.ACCESS_EXCLUSIVE, "table")),
    _rule(rf"DROP TABLE {_TABLE}", (Lock.ACCESS_EXCLUSIVE, "table")),
    _rule(rf"TRUNCATE (TABLE )?{_TABLE}", (Lock.ACCESS_EXCLUSIVE, "table")),
    _rule(rf"CREATE TABLE {_name('made')} PARTITION OF {_TABLE}", (Lock.ACCESS_EXCLUSIVE, "table")),
    _rule(rf"CREATE TABLE .*?\bREFERENCES {_name('other')}", (Lock.SHARE_ROW_EXCLUSIVE, "other")),
    _rule(rf"CREATE STATISTICS .*?\bFROM {_TABLE}", (Lock.SHARE_UPDATE_EXCLUSIVE, "table")),
    _rule(rf"COMMENT ON TABLE {_TABLE}", (Lock.SHARE_UPDATE_EXCLUSIVE, "table")),
    _rule(
        r"COMMENT ON COLUMN (?P<table>(?:\"[^\"]+\"|\w+))\.(?:\"[^\"]+\"|\w+) IS",
        (Lock.SHARE_UPDATE_EXCLUSIVE, "table"),
    ),
    _rule(rf"(ANALYZE|VACUUM( \(?ANALYZE\)?)?) {_TABLE}", (Lock.SHARE_UPDATE_EXCLUSIVE, "table")),
    _rule(rf"(INSERT INTO|UPDATE|DELETE FROM|COPY) {_TABLE}", (Lock.ROW_EXCLUSIVE, "table")),
]
_LOCK_TABLE = re.compile(rf"LOCK (TABLE )?{_TABLE} IN (?P<mode>[A-Z ]+) MODE", re.IGNORECASE)
_CREATED = re.compile(rf"CREATE (UNLOGGED )?TABLE {_name('made')}", re.IGNORECASE)
_ANONYMOUS = re.compile(r"(DO|SELECT|CALL|WITH)\b", re.IGNORECASE)


def locks_taken(statement: str) -> list[Taken]:
    """The locks of tables that one statement takes; those of functions are unknown. It has no comments (`statements`).

    Locks of the index that goes with a table are left out, and so is ACCESS SHARE, for which only the strongest wait.
    """
    if match := _LOCK_TABLE.match(statement):
        return [Taken(Lock[match["mode"].strip().upper().replace(" ", "_")], _unquoted(match["table"]))]
    for pattern, taken in _RULES:
        if match := pattern.match(statement):
            return [Taken(lock, _unquoted(match[group])) for lock, group in taken]
    return []


def runs_code(statement: str) -> bool:
    """Whether functions or a block do the work, whose locks cannot be read from the statement."""
    return bool(_ANONYMOUS.match(statement))


def created_table(statement: str) -> str | None:
    """The table that a statement creates: nobody can wait for its locks before the transaction ends."""
    match = _CREATED.match(statement)
    return _unquoted(match["made"]) if match else None


def _unquoted(name: str) -> str:
    return name.replace('"', "")
