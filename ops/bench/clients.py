"""Clients of a benchmark as processes: Python's threads would wait for each other."""

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError

from django.conf import settings
from django.db import connections

from config.commands import Failed

#: Forked, so that what a client costs is counted with its parent's CPU time, and nothing for starting Python.
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Client:
    """What a client does before the clock starts, since sessions know their plans then, and what is measured."""

    warm_up: Callable[[], object]
    work: Callable[[], object]


#: Something that is done as long as it is told that clients are at work.
Beside = Callable[[Callable[[], bool]], object]


def start(clients: Sequence[Client], beside: Beside | None = None) -> Callable[[], None]:
    """Start a process per client that warms up and waits; what is returned lets them work, `beside` in this process.

    Raises Failed if one of them does not reach its end.
    """
    connections.close_all()
    barrier = _FORK.Barrier(len(clients) + 1)
    processes = [_FORK.Process(target=_run, args=(client, barrier), daemon=True) for client in clients]
    for process in processes:
        process.start()
    _meet(barrier)  # everybody has warmed up

    def work() -> None:
        _meet(barrier)
        if beside:
            beside(lambda: any(process.is_alive() for process in processes))
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):
            raise Failed("A client of the benchmark has ended early: its error is above.")

    return work


def _run(client: Client, barrier: Barrier) -> None:
    settings.DEBUG = False  # it keeps a log of all statements
    try:
        client.warm_up()
        barrier.wait()
        barrier.wait()
        client.work()
    except BaseException:
        barrier.abort()
        raise
    connections.close_all()


def _meet(barrier: Barrier) -> None:
    try:
        barrier.wait(timeout=300)
    except BrokenBarrierError:
        raise Failed("A client of the benchmark has not begun: its error is above.") from None
