"""Operations with a transaction of their own, inside of migrations that have none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation

from ops.migrating.patience import Patience


@contextmanager
def patient_operations(migration: Migration, connection: Any, patience: Patience) -> Iterator[None]:
    """Within the block, an operation with `atomic = True` is tried again as a whole when it lost a lock."""
    operations = migration.operations
    migration.operations = [  # type: ignore[misc]
        _Patient(operation, connection, patience) if operation.atomic else operation  # type: ignore[misc]
        for operation in operations
    ]
    try:
        yield
    finally:
        migration.operations = operations  # type: ignore[misc]


class _Patient:
    """An operation in its transaction; to Django it is one that needs none."""

    atomic = False

    def __init__(self, operation: Operation, connection: Any, patience: Patience) -> None:
        self._operation, self._connection, self._patience = operation, connection, patience

    def __getattr__(self, name: str) -> Any:
        return getattr(self._operation, name)

    def database_forwards(self, *arguments: Any) -> None:
        self._in_transaction(self._operation.database_forwards, arguments)

    def database_backwards(self, *arguments: Any) -> None:
        self._in_transaction(self._operation.database_backwards, arguments)

    def _in_transaction(self, change: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        def attempt() -> None:
            with transaction.atomic(using=self._connection.alias):
                change(*arguments)

        self._patience.persist(attempt)
