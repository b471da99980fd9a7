"""One migration as the rules see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.db.migrations.operations.base import Operation

from ops.migrating.lock_modes import Lock, created_table, locks_taken
from ops.migrating.splitting import plain_statements


@dataclass(frozen=True)
class Finding:
    """A broken rule: where, which, and what to do instead."""

    migration: str
    rule: str
    sentence: str
    statement: str = ""

    def __str__(self) -> str:
        shown = f"\n    {self.statement[:160]}" if self.statement else ""
        return f"{self.migration}: {self.rule}: {self.sentence}{shown}"


@dataclass(frozen=True)
class Subject:
    """A migration: its operations, and the SQL that they run forwards; `source` is the text of its file."""

    label: str
    atomic: bool
    operations: tuple[Operation, ...]
    sql: str
    source: str = ""

    @cached_property
    def statements(self) -> tuple[str, ...]:
        return tuple(plain_statements(self.sql))

    @cached_property
    def created(self) -> frozenset[str]:
        """The tables that it makes itself: nobody else knows them yet."""
        return frozenset(filter(None, map(created_table, self.statements)))

    def on_others(self) -> Iterator[tuple[str, Lock, str]]:
        """Each lock that one of its statements takes on a table that was there before: statement, lock, table."""
        for statement in self.statements:
            for taken in locks_taken(statement):
                if taken.table not in self.created:
                    yield statement, taken.lock, taken.table

    def all_operations(self) -> Iterator[Operation]:
        """Those inside of SeparateDatabaseAndState too."""
        pending = list(self.operations)
        while pending:
            operation = pending.pop(0)
            yield operation
            pending += getattr(operation, "database_operations", None) or []
