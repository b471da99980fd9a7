"""Applies a plan: as the owner of the tables, one run at a time."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from config.database.locks import exclusive
from config.database.owner import connected_as_owner
from config.database.partitions import RangePartitioning
from ops.partitioning.leaving import attach_again, detach, retire
from ops.partitioning.locking import Patience
from ops.partitioning.periods import add_periods
from ops.partitioning.plan import AbandonSplit, AddPeriods, AttachAgain, FinishSplit, Retire, Step, plan
from ops.partitioning.splitting import abandon_split, finish_split
from ops.partitioning.tables import read_holds, read_state

#: Seconds for which a step tries again to get its locks.
LOCK_WAIT = 60.0


@contextmanager
def only_run() -> Iterator[None]:
    """Within the block: connected as the owner, and alone; raises `Locked` while another run is at work."""
    with connected_as_owner(), exclusive("partitions", what="Another partitions run"):
        yield


def plan_all(tables: Iterable[RangePartitioning], *, now: datetime) -> list[Step]:
    """The steps that bring the tables to what is declared."""
    holds = read_holds()
    return [step for partitioning in tables for step in plan(read_state(partitioning), now=now, holds=holds)]


def apply(
    step: Step,
    *,
    lock_wait: float = LOCK_WAIT,
    folder: Path | None = None,
    report: Callable[[str], None] = lambda done: None,
) -> dict[str, Any]:
    """Do one step, within `only_run`; `report` is told each part of it that is done. Returns what became of it.

    Files go below `folder` (ARCHIVE_DIR). Every part can be the last one before a crash: the next plan goes on from
    what the catalog says then.
    """
    patience = Patience(lock_wait)
    table = step.partitioning.table
    result = step.as_json()
    match step:
        case AbandonSplit():
            abandon_split(table, patience=patience)
        case FinishSplit():
            finish_split(table, patience=patience, report=report)
        case AddPeriods(periods=periods):
            result["rows"] = add_periods(step.partitioning, periods, patience=patience, report=report)
        case Retire(partition=name, period=period):
            departure = retire(
                step.partitioning,
                name,
                period,
                folder=folder or settings.ARCHIVE_DIR,
                patience=patience,
                report=report,
            )
            result["rows"] = departure.rows
            result["content_hash"] = departure.content_hash.hex()
            result["file"] = str(departure.file) if departure.file else None
        case AttachAgain(partition=name, period=period):
            detach(table, name, patience=patience)
            attach_again(table, name, period, patience=patience)
    return result
