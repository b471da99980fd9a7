import json
from argparse import ArgumentTypeError
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from rich.progress import Progress
from rich.table import Table

from config.commands import ProjectCommand, UsageFailed, VerificationFailed
from ops.bench.cases import BENCHMARKS, CLIENTS, QUICK, QUICK_CLIENTS
from ops.bench.cluster import throwaway_cluster
from ops.bench.measure import measure
from ops.bench.plot import write_plot


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = [0]
    if min(numbers) < 1:
        raise ArgumentTypeError(f"{text} is no list of numbers from 1: give 1,2,4,8, say")
    return numbers


def _require_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before hours of work go into it."""
    try:
        with path.open("a"):
            pass
    except OSError as error:
        raise UsageFailed(f"{path} cannot be written ({error.strerror}): name another file.") from None


class Command(ProjectCommand):
    """Runs benchmarks, each in turn with its baseline, on a throwaway cluster; exit code 4 below a floor.

    Shares compare throughputs within one run: 0.8 is four fifths of the baseline's. They hold on a noisy machine,
    seconds do not.
    """

    help = "Measures the project against baselines, on a throwaway PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)} (default all)")
        parser.add_argument("--quick", action="store_true", help="little work, two rounds: only the floors count")
        parser.add_argument("--rounds", type=int, help="pairs of runs that count (default 5, quick 2)")
        parser.add_argument("--units", type=int, help="work of each run (default: what the benchmark thinks right)")
        parser.add_argument(
            "--clients",
            type=_numbers,
            metavar="N,N…",
            help=f"connections at once, of flow and guards (default {CLIENTS}, quick {QUICK_CLIENTS})",
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="also write the result as JSON into a file")
        parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the shares as SVG into a file")

    def handle(
        self,
        *,
        names: list[str],
        quick: bool,
        rounds: int | None,
        units: int | None,
        clients: list[int] | None,
        output: Path | None,
        plot: Path | None,
        **options: Any,
    ) -> None:
        for name in names:
            if name not in BENCHMARKS:
                raise UsageFailed(f"There is no benchmark {name}: choose from {', '.join(BENCHMARKS)}.")
        for option, number in (("--rounds", rounds), ("--units", units)):
            if number is not None and number < 1:
                raise UsageFailed(f"{option} is at least 1.")
        for path in filter(None, (output, plot)):
            _require_writable(path)
        rounds = rounds or (2 if quick else 5)
        chosen = [
            group
            for name in names or (QUICK if quick else BENCHMARKS)
            for group in BENCHMARKS[name](clients or [QUICK_CLIENTS if quick else CLIENTS], quick)
        ]
        results = []
        with (
            throwaway_cluster() as cluster,
            Progress(console=self.notes, disable=not self.notes.is_terminal, transient=True) as progress,
        ):
            for group in chosen:
                task = progress.add_task(group[0].name, total=(len(group) + 1) * (rounds + 1))
                advance = lambda task=task: progress.advance(task)  # noqa: E731
                results += measure(group, cluster, rounds=rounds, quick=quick, units=units, advance=advance)
        report = {"quick": quick, "rounds": rounds, "benchmarks": [result.summary() for result in results]}
        if output:
            output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        if plot:
            write_plot(report, plot)
        self.emit(report)
        below = [result.benchmark.name for result in results if not result.holds]
        if below:
            raise VerificationFailed(f"Below its floor: {', '.join(below)}.")

    def render(self, result: Mapping[str, Any]) -> None:
        table = Table("benchmark", "clients", "unit", "subject/s", "baseline/s", "wall", "CPU", "floor", box=None)
        for each in result["benchmarks"]:
            sides = [f"{each[side]['per_second']:,.1f}" for side in ("subject", "baseline")]
            shares = [f"{each[key]:.2f}" for key in ("wall_share", "cpu_share", "floor")]
            table.add_row(each["name"], str(each["clients"]), each["unit"], *sides, *shares)
        self.console.print(table)
        for each in result["benchmarks"]:
            if slow := each["subject"]["p95_milliseconds"]:
                self.console.print(f"{each['name']}: 95 % within {slow:.2f} ms", highlight=False)
