"""One deployment: as the owner, alone, from the refusals to the end of the run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from config.database.locks import exclusive
from config.database.owner import connected_as_owner
from ops.migrating.dry_run import DryRun, PlannedMigration
from ops.migrating.executor import GuardedExecutor
from ops.migrating.history import History
from ops.migrating.patience import MAX_RETRY_SECONDS, Patience
from ops.migrating.pooler import refuse_transaction_pooler
from ops.migrating.refusals import refuse_ahead, refuse_edited

LOCK = "migrate"
LOCK_WAIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a deployment waits for, and what it goes on with."""

    lock_wait_seconds: float = LOCK_WAIT_SECONDS
    max_retry_seconds: float = MAX_RETRY_SECONDS
    allow_ahead: bool = False
    allow_ahead_if_idle: bool = False
    allow_edited: bool = False
    #: Takes what would be run, instead of running it.
    show: Callable[[list[PlannedMigration]], None] | None = None


@contextmanager
def deployment(
    alias: str, policy: Policy, notify: Callable[[str], None] = lambda sentence: None
) -> Iterator[Callable[..., GuardedExecutor]]:
    """Within the block the connection `alias` is the owner's, and no other deployment runs.

    Gives what makes the executor, and refuses when code and database do not belong together. Raises `Locked` when
    another deployment takes too long.
    """
    with connected_as_owner(alias):
        refuse_transaction_pooler(alias)
        began = time.monotonic()
        with exclusive(LOCK, what="Another migration", alias=alias, wait_seconds=policy.lock_wait_seconds):
            history = History(alias, waited_seconds=time.monotonic() - began)
            patience = Patience(alias, max_retry_seconds=policy.max_retry_seconds, notify=notify)

            def executor(connection: Any, progress: Callable[..., Any] | None = None) -> GuardedExecutor:
                made = (
                    DryRun(connection, progress, patience=patience, history=history, show=policy.show)
                    if policy.show
                    else GuardedExecutor(connection, progress, patience=patience, history=history)
                )
                if not policy.allow_ahead:
                    refuse_ahead(made, unless_idle=policy.allow_ahead_if_idle)
                refuse_edited(made, history, allowed=policy.allow_edited)
                return made

            yield executor
