"""Signals that end a command in order: what it has begun is cleaned up, whoever asks for the end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Ctrl-C, `kill` (as of systemd and of `timeout`), and a terminal that was closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: `timeout` and terminals send to a process and to its group: the second signal means no more than the first, and must
#: not cut the clean-up short. Who still wants that asks later.
GRACE_SECONDS = 2.0


class Ended(KeyboardInterrupt):
    """The command was told to end, by the signal of that number."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"ended by {signal.Signals(number).name}")


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Within the block each signal that ends a process raises Ended; a signal that the caller ignores stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    process, last = os.getpid(), float("-inf")

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal last
        if os.getpid() != process:  # a copy of this process, with nothing of its own to clean up
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        before, last = last, time.monotonic()
        if last - before > GRACE_SECONDS:
            raise Ended(number)

    usual = (signal.SIG_DFL, signal.default_int_handler)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler in usual:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler in usual:
                signal.signal(number, handler)
