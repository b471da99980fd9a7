"""What is to be done, from the catalog and the clock alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config.database.partitions import Interval, RangePartitioning
from ops.partitioning.tables import Hold, Partition, TableState

Period = tuple[datetime, datetime]


@dataclass(frozen=True)
class Step:
    """One thing to do with one table, which can be the last one before a crash."""

    partitioning: RangePartitioning

    name = ""

    def describe(self) -> str:
        """What will be done, for the one who reads the plan."""
        raise NotImplementedError

    def as_json(self) -> dict[str, Any]:
        return {"table": self.partitioning.table, "step": self.name, "partitions": [], "from": None, "to": None}


@dataclass(frozen=True)
class AbandonSplit(Step):
    """A run was killed while it copied rows out of the catch-all: the copies are given up."""

    name = "abandon_split"

    def describe(self) -> str:
        return "give up the unfinished split of the catch-all"


@dataclass(frozen=True)
class FinishSplit(Step):
    """A run was killed after it had split the catch-all: the old one is still to be dropped."""

    name = "finish_split"

    def describe(self) -> str:
        return "check and drop the catch-all that was split"


@dataclass(frozen=True)
class AddPeriods(Step):
    """New periods before the catch-all, with the rows of theirs that it holds."""

    periods: tuple[Period, ...]
    moves_rows: bool

    name = "add"

    def describe(self) -> str:
        count = len(self.periods)
        text = f"add {count} {self.partitioning.interval} partition{'s' if count > 1 else ''}"
        text += f", {self.periods[0][0]:%Y-%m-%d} to {self.periods[-1][1]:%Y-%m-%d}"
        return text + (", with rows out of the catch-all" if self.moves_rows else "")

    def as_json(self) -> dict[str, Any]:
        return {
            **super().as_json(),
            "partitions": [self.partitioning.partition_name(start) for start, _ in self.periods],
            "from": self.periods[0][0],
            "to": self.periods[-1][1],
            "moves_rows": self.moves_rows,
        }


@dataclass(frozen=True)
class OfPartition(Step):
    """A step with one partition that exists."""

    partition: str
    period: Period

    def as_json(self) -> dict[str, Any]:
        return {
            **super().as_json(),
            "partitions": [self.partition],
            "from": self.period[0],
            "to": self.period[1],
        }


@dataclass(frozen=True)
class Retire(OfPartition):
    """A period whose time is over leaves: exported, compared, dropped."""

    name = "retire"

    def describe(self) -> str:
        return f"{'export and ' if self.partitioning.export else ''}drop {self.partition}"


@dataclass(frozen=True)
class Keep(OfPartition):
    """A period whose time is over, and which somebody holds."""

    reason: str

    name = "keep"

    def describe(self) -> str:
        return f"keep {self.partition}: legal hold, {self.reason}"

    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), "reason": self.reason}


@dataclass(frozen=True)
class AttachAgain(OfPartition):
    """A period that was detached, but is not to leave any more."""

    name = "attach_again"

    def describe(self) -> str:
        return f"give {self.partition} back to its table"


def plan(state: TableState, *, now: datetime, holds: Sequence[Hold] = ()) -> Iterator[Step]:
    """The steps that bring one table to what is declared; first what a run has left behind that was killed."""
    partitioning = state.partitioning
    if state.is_staged:
        yield AbandonSplit(partitioning)
    if state.is_swapped:
        yield FinishSplit(partitioning)
    missing = partitioning.periods(state.catch_all.lower, partitioning.premade_until(now))
    if missing:
        yield AddPeriods(partitioning, tuple(missing), moves_rows=state.catch_all_rows)
    yield from _leaving(state, partitioning.kept_from(now), holds)


def _leaving(state: TableState, kept_from: datetime | None, holds: Sequence[Hold]) -> Iterator[Step]:
    attached = {partition.name for partition in state.partitions if not partition.leaving}
    # One that DETACH CONCURRENTLY has begun to take off cannot come back before it is off.
    begun = {partition.name for partition in state.partitions if partition.leaving}
    for partition in sorted([*state.partitions[:-1], *state.detached], key=lambda each: (each.lower, each.name)):
        period = _period(partition)
        is_over = kept_from is not None and period[1] <= kept_from
        hold = next((hold for hold in holds if hold.covers(state.table, *period)), None)
        of_it = (state.partitioning, partition.name, period)
        if is_over and hold is None:
            yield Retire(*of_it)
        elif partition.name not in attached and (partition.name in begun or partition.has_rows):
            yield AttachAgain(*of_it)
        elif is_over and hold is not None:
            yield Keep(*of_it, hold.reason)


def _period(partition: Partition) -> Period:
    if partition.upper is None:
        raise ValueError("The catch-all never leaves.")
    return partition.lower, partition.upper


def problems(state: TableState, *, now: datetime) -> Iterator[str]:
    """What somebody must be told: less than a month is premade, or rows have come to the catch-all."""
    if state.catch_all.lower < _month_after(now):
        yield (
            f"{state.table}: partitions are premade until {state.catch_all.lower:%Y-%m-%d} only, less than a month"
            " ahead: run partitions, and see why its timer did not"
        )
    if state.catch_all_rows:
        yield (
            f"{state.table}: the catch-all, from {state.catch_all.lower:%Y-%m-%d} on, holds rows: run partitions;"
            " rows that stay there have a date far ahead, and their writer a wrong clock"
        )


def _month_after(now: datetime) -> datetime:
    """The same day and time of the next month, or its last day where it has no such day (as PostgreSQL adds months)."""
    begins = Interval.MONTH.shift(Interval.MONTH.start(now), 1)
    last = Interval.MONTH.shift(begins, 1) - timedelta(days=1)
    return now.replace(year=begins.year, month=begins.month, day=min(now.day, last.day))
