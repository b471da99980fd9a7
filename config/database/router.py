"""Reads that may be a little late go to a replica; everything else, and every read by default, to the primary.

A replica is behind by milliseconds to seconds, so a read that must see its own write cannot go there. The caller
knows which reads are such, hence the choice is explicit: `with reads_from_replica(): report()`.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

_from_replica: ContextVar[bool] = ContextVar("reads_from_replica", default=False)


@contextmanager
def reads_from_replica() -> Iterator[None]:
    """Within the block, ORM reads go to a replica where one is configured (REPLICA_DATABASE_URLS)."""
    token = _from_replica.set(True)
    try:
        yield
    finally:
        _from_replica.reset(token)


class ReplicaRouter:
    """Django's database router: writes and migrations always to the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        replicas = [alias for alias in settings.DATABASES if alias.startswith("replica")]
        if _from_replica.get() and replicas:
            return random.choice(replicas)  # noqa: S311 - spreads load, guards nothing
        return DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        # The same data, whichever server it was read from.
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS
