"""How long a migration waits for locks: briefly, but again and again.

A statement that waits for a strong lock makes everybody queue behind it. So it waits for a moment only, gives its place
up, lets the others pass, and comes back.
"""

import random
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError

from config.commands import Locked
from ops.migrating.blockers import BlockerWatch

T = TypeVar("T")

#: The longest that others queue behind one attempt.
LOCK_TIMEOUT_MS = 100
MAX_RETRY_SECONDS = 300.0
#: Pauses double from the first to the last of these (seconds); each is drawn from the upper half of its length.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
#: lock_not_available, deadlock_detected
_LOCK_FAILURES = {"55P03", "40P01"}


def lost_a_lock(error: BaseException) -> bool:
    """Whether a statement failed only because somebody else held a lock."""
    return getattr(error.__cause__, "sqlstate", None) in _LOCK_FAILURES


class Patience:
    """Tries again what lost a lock, for up to `max_retry_seconds`; counts what that cost the current migration."""

    def __init__(
        self,
        alias: str = DEFAULT_DB_ALIAS,
        *,
        max_retry_seconds: float = MAX_RETRY_SECONDS,
        notify: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.max_retry_seconds = max_retry_seconds
        self.notify = notify
        self._watch = BlockerWatch(alias)
        self.begin("")

    def begin(self, what: str) -> None:
        """`what`, a migration, comes next: its counts begin at nothing."""
        self.what = what
        self.retries = 0
        self.lost_seconds = 0.0

    def persist(self, attempt: Callable[[], T]) -> T:
        """The result of `attempt`, which changes nothing when it fails.

        Raises `Locked`, naming the session that stands in the way, when the time is up. That is never before the
        second attempt, because only from then on it is watched who blocks.
        """
        began = time.monotonic()
        tries, pause = 0, _FIRST_PAUSE
        while True:
            tries += 1
            attempted = time.monotonic()
            try:
                with self._watch.watching() if tries > 1 else nullcontext():
                    return attempt()
            except OperationalError as error:
                if not lost_a_lock(error):
                    raise
                if tries > 1 and time.monotonic() - began >= self.max_retry_seconds:
                    raise Locked(self._sentence(time.monotonic() - began)) from error
            self.retries += 1
            if tries > 1:
                self.notify(f"{self.what} waits for {self._watch.describe()}")
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - two deployers are not to move in step
            self.lost_seconds += time.monotonic() - attempted
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _sentence(self, seconds: float) -> str:
        return (
            f"{self.what} was given up after {seconds:.0f} s, and nothing of it stays: it waited for"
            f" {self._watch.describe()}. Let that session end, then run migrate again;"
            " --max-retry-time waits longer."
        )

    def close(self) -> None:
        """Close the connection that watched who blocks."""
        self._watch.close()
