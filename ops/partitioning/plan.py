"""What is to be done, from the catalog and the clock alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config.database.partitions import Interval, RangePartitioning
from ops.partitioning.tables import TableState

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


def plan(state: TableState, *, now: datetime) -> Iterator[Step]:
    """The steps that bring one table to what is declared; first what a run has left behind that was killed."""
    partitioning = state.partitioning
    if state.is_staged:
        yield AbandonSplit(partitioning)
    if state.is_swapped:
        yield FinishSplit(partitioning)
    missing = partitioning.periods(state.catch_all.lower, partitioning.premade_until(now))
    if missing:
        yield AddPeriods(partitioning, tuple(missing), moves_rows=state.catch_all_rows)


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
