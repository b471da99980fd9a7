"""Load quotes or marks from files, or simulated ones."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from config.commands import Failed, ProjectCommand, UsageFailed
from config.commands.counting import counted
from config.database.partitions import refresh_statistics
from liquidity.importing import jobs

#: Options that only some formats have; the other formats refuse them.
OPTIONS = {
    "ticks": {"provider", "files"},
    "histdata": {"provider", "files"},
    "bars": {"provider", "bid", "ask", "skip_unpaired"},
    "marks": {"files"},
    "simulated": {"provider", "count", "seed", "start"},
}
OPTIONAL = {"skip_unpaired", "seed", "start"}
#: Fixed, so that the same command adds nothing when it is run again.
SIMULATION_START = datetime(2024, 1, 2, tzinfo=UTC)


class Command(ProjectCommand):
    """Each file is loaded in one transaction: wholly, or, if a line of it is wrong, not at all."""

    help = "Load market data by COPY: quotes (ticks, histdata, bars, simulated) or marks (bars of one side)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, metavar="FILE", help="CSV, plain or gzip (ticks, histdata, marks)"
        )
        parser.add_argument("--format", required=True, choices=OPTIONS)
        parser.add_argument("--provider", metavar="NAME", help="whose quotes they are; marks have none")
        parser.add_argument("--instrument", required=True, metavar="SYMBOL")
        parser.add_argument("--bid", type=Path, metavar="FILE", help="bars of the bid side")
        parser.add_argument("--ask", type=Path, metavar="FILE", help="bars of the ask side")
        parser.add_argument(
            "--skip-unpaired", action="store_const", const=True, help="leave out a bar that only one side has"
        )
        parser.add_argument("--count", type=int, metavar="N", help="how many quotes to simulate")
        parser.add_argument("--seed", type=int, metavar="S", help="of the simulation (default 1)")
        parser.add_argument(
            "--start",
            type=_moment,
            metavar="TIME",
            help=f"of the simulation, ISO 8601 (default {SIMULATION_START})",
        )
        parser.add_argument(
            "--max-partitions",
            type=int,
            default=400,
            metavar="N",
            help="made for one file at most (default 400)",
        )
        parser.add_argument("--dry-run", action="store_true", help="check the files, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        _check_usage(options)
        work = _jobs(options)
        done: list[dict[str, Any]] = []
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.notes, disable=not self.notes.is_terminal, transient=True) as progress:
            for job in work:
                task = progress.add_task(job.name, total=job.size or None)
                for source in job.sources:
                    source.advance = lambda size, task=task: progress.advance(task, size)  # type: ignore[misc]
                try:
                    done.append(job.run(max_partitions=options["max_partitions"], dry_run=options["dry_run"]))
                except Failed as failure:
                    raise _with_earlier_files(failure, len(done), dry_run=options["dry_run"]) from None
        if any(each["rows_added"] for each in done):
            refresh_statistics(work[0].target.table)
        self.emit(
            {
                "dry_run": options["dry_run"],
                "rows_added": sum(each["rows_added"] for each in done),
                "loads": done,
            }
        )

    def render(self, result: Mapping[str, Any]) -> None:
        for load in result["loads"]:
            parts = [f"{counted(load['rows_read'], 'row')} read", f"{load['rows_added']:,} added"]
            parts += [f"{load['rows_already_there']:,} already there"] if load["rows_already_there"] else []
            parts += [f"{load['crossed_left_out']:,} crossed bars left out"] if load["crossed_left_out"] else []
            parts += [f"{load['unpaired_left_out']:,} unpaired bars left out"] if load["unpaired_left_out"] else []
            parts += [f"{counted(load['partitions_created'], 'partition')} made"] if load["partitions_created"] else []
            parts += ["dry run, nothing changed"] if result["dry_run"] else []
            speed = f"{load['seconds']} s, {load['rows_per_second']:,} rows/s"
            self.console.print(
                f"{load['source']}: {', '.join(parts)} ({speed})",
                highlight=False,
                soft_wrap=True,
                markup=False,
            )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is no time like 2024-01-02T00:00:00") from None


def _check_usage(options: dict[str, Any]) -> None:
    """Every option that the format needs is there, and none that it does not know."""
    name, known = options["format"], OPTIONS[options["format"]]
    given = {each for each in set().union(*OPTIONS.values()) if options[each] is not None and options[each] != []}
    for option in sorted(known - OPTIONAL - given):
        raise UsageFailed(f"--format {name} needs {_spelled(option)}.")
    for option in sorted(given - known):
        raise UsageFailed(f"--format {name} does not take {_spelled(option)}.")
    if name == "bars" and options["bid"].resolve() == options["ask"].resolve():
        raise UsageFailed("--bid and --ask name the same file.")
    if name == "simulated" and options["count"] < 1:
        raise UsageFailed("--count is at least 1.")
    if options["max_partitions"] < 1:
        raise UsageFailed("--max-partitions is at least 1.")


def _spelled(option: str) -> str:
    return "FILE" if option == "files" else f"--{option.replace('_', '-')}"


def _jobs(options: dict[str, Any]) -> list[jobs.Job]:
    symbol = options["instrument"]
    if options["format"] == "marks":
        return jobs.file_jobs("marks", options["files"], jobs.marks_of(symbol))
    target = jobs.quotes_of(options["provider"], symbol)
    if options["format"] == "bars":
        return [jobs.bars_job(options["bid"], options["ask"], target, skip_unpaired=bool(options["skip_unpaired"]))]
    if options["format"] == "simulated":
        seed = 1 if options["seed"] is None else options["seed"]
        start = options["start"] or SIMULATION_START
        return [jobs.simulation_job(symbol, target, count=options["count"], seed=seed, start=start)]
    return jobs.file_jobs(options["format"], options["files"], target)


def _with_earlier_files(failure: Failed, files: int, *, dry_run: bool) -> Failed:
    """The same failure, saying that the files before stay loaded."""
    if not files or dry_run:
        return failure
    earlier = "file before it stays" if files == 1 else f"{files} files before it stay"
    return type(failure)(f"{failure} The {earlier} loaded.")
