"""One client: does what he plans, tries again where the database asks him to, and counts."""

import re
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import Error as DatabaseError
from django.db import IntegrityError, InterfaceError, OperationalError, connection

from ops.simulation.acknowledged import Acknowledgments, is_last_event
from ops.simulation.desk import Desk, Rejected
from ops.simulation.events import ACCEPTED, REFUSED, Event
from trading.errors import OrderError, WrongStatus

#: Serialization failure, deadlock, lock time-out: nothing was done, and the whole event is tried again.
RETRIED = {"40001": "serialization_failure", "40P01": "deadlock_detected", "55P03": "lock_not_available"}
MOST_TRIES = 50
PAUSE = 0.002
RECONNECT_PAUSE = 0.05


class GaveUp(Exception):
    """The server did not come back in time, or asked to try again too often."""


@dataclass(kw_only=True)
class Tally:
    """What one client has seen. Latencies are in seconds, by kind of the events that were accepted or refused."""

    planned: int = 0
    skipped: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    reconnects: int = 0
    latencies: "defaultdict[str, array[float]]" = field(default_factory=lambda: defaultdict(_floats))
    digest: str = ""
    #: Why the client ended before his plan did.
    gave_up: str = ""


def _floats() -> "array[float]":
    return array("d")


class Client:
    """`patience`: for how many seconds a lost server is waited for."""

    def __init__(self, desk: Desk, *, number: int, patience: float, acknowledgments: Acknowledgments) -> None:
        self.desk = desk
        self.number = number
        self.patience = patience
        self.acknowledgments = acknowledgments
        self.tally = Tally()
        self.is_stopped: Callable[[], bool] = lambda: False

    def play(
        self,
        events: Iterable[Event],
        *,
        is_stopped: Callable[[], bool] = lambda: False,
        done: Callable[[Event], None] = lambda event: None,
    ) -> Tally:
        """Do one event after the other, until the end or until somebody stops it."""
        self.is_stopped = is_stopped
        for event in events:
            if is_stopped():
                break
            self.tally.planned += 1
            if self.desk.can_do(event):
                try:
                    self._perform(event)
                except GaveUp as error:
                    self.tally.gave_up = str(error)
                    break
            else:
                self.tally.skipped += 1
            done(event)
        return self.tally

    def _perform(self, event: Event) -> None:
        started = time.perf_counter()
        reason = self._refusal(event)
        self.tally.latencies[event.kind].append(time.perf_counter() - started)
        if reason:
            self.tally.refused[event.kind, reason] += 1
        else:
            self.tally.accepted[event.kind] += 1
            self.acknowledgments.write(
                client=self.number, kind=event.kind, subject=self.desk.subject_key(event), key=self.desk.key(event)
            )
        if event.subject in self.desk.subjects:
            self.desk.subjects[event.subject].last = REFUSED if reason else ACCEPTED

    def _refusal(self, event: Event) -> str:
        """Try it until it is accepted ("") or refused (why)."""
        has_been_lost = False
        for tries in range(1, MOST_TRIES + 1):
            try:
                return self._answer(event, has_been_lost=has_been_lost)
            except (OperationalError, InterfaceError) as error:
                state = _sqlstate(error)
                if state in RETRIED and tries < MOST_TRIES:
                    self.tally.retries[RETRIED[state]] += 1
                    time.sleep(PAUSE * tries)
                elif state == "" or state.startswith(("08", "57P")):
                    self._reconnect(error)
                    has_been_lost = True
                else:
                    raise
        raise GaveUp(f"{event.kind} was to be tried again {MOST_TRIES} times.")

    def _answer(self, event: Event, *, has_been_lost: bool) -> str:
        """Try it once: "" or why it is refused; `has_been_lost` says that the answer to an earlier try was lost."""
        try:
            self.desk.do(event)
        except Rejected as error:
            # Numbers differ from order to order; the reason is one.
            return "rejected: " + re.sub(r"\d[\d.,]*", "#", str(error))
        except WrongStatus:
            # The lost try may have done it. If not, the order takes it as little as before: it was filled, say.
            is_done = has_been_lost and is_last_event(event.kind, self.desk.subject_key(event))
            return "" if is_done else "WrongStatus"
        except OrderError as error:
            return type(error).__name__
        except IntegrityError as error:
            return _rule(error)
        return ""

    def _reconnect(self, cause: DatabaseError) -> None:
        """Wait for the server, at most as long as there is patience and nobody stops it."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                connection.close()
                connection.ensure_connection()
                self.tally.reconnects += 1
                return
            except (OperationalError, InterfaceError) as error:
                if time.monotonic() > deadline or self.is_stopped():
                    raise GaveUp(str(error).strip().splitlines()[0]) from cause
                time.sleep(RECONNECT_PAUSE)


def _sqlstate(error: DatabaseError) -> str:
    """The server's code; empty if the server did not answer."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def _rule(error: IntegrityError) -> str:
    """The name of the constraint that was broken."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return (diagnosis and diagnosis.constraint_name) or _sqlstate(error)
