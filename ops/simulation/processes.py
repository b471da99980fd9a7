"""Clients as processes: Python's threads would wait for each other, and latencies would be the interpreter's."""

import multiprocessing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection, wait
from pathlib import Path as FilePath
from time import perf_counter
from typing import Any, cast

from config.commands import Failed
from ops.simulation.cast import Cast
from ops.simulation.client import Tally
from ops.simulation.market import Path
from ops.simulation.worker import GO, STOP, work


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one client's process needs to know. `database`: Django's settings of the connection."""

    number: int
    seed: int
    orders: int
    run: str
    night: date
    patience: float
    market: list[Path]
    cast: Cast
    database: dict[str, Any]
    acknowledged: FilePath | None


@dataclass(frozen=True, kw_only=True)
class Played:
    """The tallies by client, the seconds from the common start to the last end, and what ended it early."""

    tallies: list[Tally]
    seconds: float
    interruption: KeyboardInterrupt | None


def play_together(parts: list[Part], advance: Callable[[int], None]) -> Played:
    """Play every part in a process of its own, all from the same moment; `advance` is told of orders sent.

    Raises Failed if a process ends without a tally.
    """
    context = multiprocessing.get_context("spawn")
    pipes: dict[Connection, int] = {}
    processes = []
    try:
        for part in parts:
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=[theirs], name=f"client {part.number}", daemon=True)
            process.start()
            theirs.close()
            processes.append(process)
            pipes[ours] = part.number
            ours.send(part)
        return _collect(pipes, advance)
    finally:
        # A client whose pipe is closed ends after the event that he is at.
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join()


def _collect(pipes: dict[Connection, int], advance: Callable[[int], None]) -> Played:
    tallies: dict[int, Tally] = {}
    waiting, ready = dict(pipes), 0
    started = perf_counter()
    interruption: KeyboardInterrupt | None = None
    while waiting:
        try:
            for pipe in cast(list[Connection], wait(list(waiting))):
                kind, content = _received(pipe, waiting[pipe])
                if kind == "ready":
                    ready += 1
                    if ready == len(pipes):
                        started = perf_counter()
                        _tell(waiting, STOP if interruption else GO)
                elif kind == "sent":
                    advance(content)
                else:
                    tallies[waiting.pop(pipe)] = content
        except KeyboardInterrupt as end:
            interruption = end
            _tell(waiting, STOP)
    return Played(
        tallies=[tallies[number] for number in sorted(tallies)],
        seconds=perf_counter() - started,
        interruption=interruption,
    )


def _received(pipe: Connection, client: int) -> tuple[str, Any]:
    try:
        kind, content = pipe.recv()
    except (EOFError, ConnectionResetError):  # the latter if he had not read all that he was told
        raise Failed(f"Client {client} was killed: what he had committed stays.") from None
    if kind == "failed":
        raise Failed(f"Client {client} gave up: {content}")
    return kind, content


def _tell(pipes: Iterable[Connection], word: str) -> None:
    for pipe in pipes:
        try:
            pipe.send(word)
        except OSError:
            continue  # it has ended meanwhile
