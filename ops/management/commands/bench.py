import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from rich.progress import Progress
from rich.table import Table

from config.commands import EnvironmentFailed, ProjectCommand, UsageFailed, VerificationFailed
from config.database.embedded import EmbeddedServerError
from ops.bench.cases import BENCHMARKS
from ops.bench.cluster import throwaway_cluster
from ops.bench.measure import measure
from ops.bench.plot import write_plot


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
        parser.add_argument("--output", type=Path, metavar="FILE", help="also write the result as JSON into a file")
        parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the shares as SVG into a file")

    def handle(
        self,
        *,
        names: list[str],
        quick: bool,
        rounds: int | None,
        output: Path | None,
        plot: Path | None,
        **options: Any,
    ) -> None:
        for name in names:
            if name not in BENCHMARKS:
                raise UsageFailed(f"There is no benchmark {name}: choose from {', '.join(BENCHMARKS)}.")
        rounds = rounds or (2 if quick else 5)
        chosen = [BENCHMARKS[name] for name in names or BENCHMARKS]
        results = []
        try:
            with (
                throwaway_cluster() as cluster,
                Progress(console=self.notes, disable=not self.notes.is_terminal, transient=True) as progress,
            ):
                for benchmark in chosen:
                    task = progress.add_task(benchmark.name, total=2 * (rounds + 1))
                    advance = lambda task=task: progress.advance(task)  # noqa: E731
                    results.append(measure(benchmark, cluster, rounds=rounds, quick=quick, advance=advance))
        except EmbeddedServerError as error:
            raise EnvironmentFailed(str(error)) from error
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
        table = Table("benchmark", "subject", "baseline", "share (wall)", "share (CPU)", "floor", box=None)
        for each in result["benchmarks"]:
            sides = [f"{each[side]['per_second']:,.1f} {each['unit']}/s" for side in ("subject", "baseline")]
            table.add_row(
                each["name"], *sides, f"{each['wall_share']:.2f}", f"{each['cpu_share']:.2f}", f"{each['floor']:.2f}"
            )
        self.console.print(table)
