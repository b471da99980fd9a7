"""Whose turn it is with the live database: a backup, a restore or a rollback, never two of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from config.commands import Locked
from config.database.locks import try_lock, unlock
from config.database.scratch import Connection


@contextmanager
def alone(session: Connection, database: str) -> Iterator[None]:
    """Have a database to oneself within the block. Raises Locked.

    A swap would end the sessions of a backup; so neither begins while the other is under way. The lock is where
    databases are made (`session` is there), as the database itself may be gone.
    """
    lock = f"restore {database}"
    if not try_lock(session, lock):
        raise Locked(f"{database} is being backed up or restored by another command: wait until it ends.")
    try:
        yield
    finally:
        unlock(session, lock)
