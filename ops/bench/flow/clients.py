"""Clients of a benchmark as processes: Python's threads would wait for each other."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError

from django.conf import settings
from django.db import connections

from config.commands import Failed
from ops.bench.flow.lives import Life, Trader, lives

#: Before the clock starts each client plays so many: sessions know their plans then. Even, so that nothing stays open.
WARM_UP = 8

#: Forked, so that what a client costs is counted with its parent's CPU time, and nothing for starting Python.
_FORK = multiprocessing.get_context("fork")


def clients(traders: list[Trader], play: Callable[[Life], object], count: int) -> Callable[[], None]:
    """Start a process per trader that warms up and waits; what is returned lets them play `count` lives each.

    Raises Failed if one of them does not reach its end.
    """
    connections.close_all()
    start = _FORK.Barrier(len(traders) + 1)
    processes = [_FORK.Process(target=_client, args=(trader, play, count, start), daemon=True) for trader in traders]
    for process in processes:
        process.start()
    _meet(start)  # everybody has warmed up

    def work() -> None:
        _meet(start)
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):
            raise Failed("A client of the benchmark has ended early: its error is above.")

    return work


def _client(trader: Trader, play: Callable[[Life], object], count: int, start: Barrier) -> None:
    settings.DEBUG = False  # it keeps a log of all statements
    try:
        for life in lives(trader, 0, WARM_UP):
            play(life)
        start.wait()
        start.wait()
        for life in lives(trader, WARM_UP, count):
            play(life)
    except BaseException:
        start.abort()
        raise
    connections.close_all()


def _meet(start: Barrier) -> None:
    try:
        start.wait(timeout=300)
    except BrokenBarrierError:
        raise Failed("A client of the benchmark has not begun: its error is above.") from None
