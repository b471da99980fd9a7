"""Measuring: subject and baseline in turn, so that a machine that slows down slows both."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from config.commands import Failed
from ops.bench.cluster import Cluster


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """Two ways to do the same work. `subject` and `baseline` prepare a run and return what is timed.

    What is timed does `units` of work on the database of the given name, and may return the seconds that each unit
    took. `floor` is the least throughput, as a share of the baseline's, that a quick run accepts. Benchmarks of one
    subject may be measured together, which runs it once a round.
    """

    name: str
    sentence: str
    unit: str
    units: Callable[[bool], int]
    subject: Callable[[Cluster, str, int], Callable[[], object]]
    baseline: Callable[[Cluster, str, int], Callable[[], object]]
    floor: float
    #: The database that each run starts from: the seeded template, or an empty one.
    empty: bool = False
    #: How many connections work at once.
    clients: int = 1
    #: What a run has left in its database: the same for both sides.
    left: Callable[[Cluster, str], object] | None = None


@dataclass(frozen=True)
class Run:
    """Seconds of one run: on the clock, and of CPU in this process, its children and the server."""

    wall: float
    cpu: float
    #: Of the slowest twentieth of the units at least so many, where the work says how long each took.
    p95: float | None = None


@dataclass
class Result:
    """All runs of one benchmark, in pairs."""

    benchmark: Benchmark
    units: int
    subject: list[Run] = field(default_factory=list)
    baseline: list[Run] = field(default_factory=list)

    def share(self, kind: str) -> float:
        """Throughput as a share of the baseline's: the median over the pairs, by `wall` or `cpu`."""
        pairs = zip(self.subject, self.baseline, strict=True)
        return median(getattr(theirs, kind) / getattr(ours, kind) for ours, theirs in pairs)

    @property
    def holds(self) -> bool:
        return self.share("wall") >= self.benchmark.floor

    def summary(self) -> dict[str, Any]:
        """Plain values for JSON: medians in seconds, throughputs in units a second, shares of the baseline."""

        def side(runs: list[Run]) -> dict[str, Any]:
            wall = median(run.wall for run in runs)
            slow = [run.p95 for run in runs if run.p95 is not None]
            return {
                "wall_seconds": round(wall, 4),
                "cpu_seconds": round(median(run.cpu for run in runs), 4),
                "per_second": round(self.units / wall, 1),
                "p95_milliseconds": round(median(slow) * 1000, 2) if slow else None,
                "runs": [{"wall_seconds": round(run.wall, 4), "cpu_seconds": round(run.cpu, 4)} for run in runs],
            }

        return {
            "name": self.benchmark.name,
            "sentence": self.benchmark.sentence,
            "unit": self.benchmark.unit,
            "clients": self.benchmark.clients,
            "units": self.units,
            "subject": side(self.subject),
            "baseline": side(self.baseline),
            "wall_share": round(self.share("wall"), 3),
            "cpu_share": round(self.share("cpu"), 3),
            "floor": self.benchmark.floor,
            "holds": self.holds,
        }


def measure(
    benchmarks: Sequence[Benchmark],
    cluster: Cluster,
    *,
    rounds: int,
    quick: bool,
    advance: Callable[[], object],
    units: int | None = None,
) -> list[Result]:
    """Run the subject that the benchmarks share, and their baselines, `rounds` times in turn.

    `units` of work in each run, or as much as the benchmark thinks right. A round before these warms up and is not
    counted. Raises Failed if a side leaves other rows than the subject.
    """
    first = benchmarks[0]
    results = [Result(benchmark, units or benchmark.units(quick)) for benchmark in benchmarks]
    sides = [first.subject, *(benchmark.baseline for benchmark in benchmarks)]
    for number in range(rounds + 1):
        runs: dict[int, tuple[Run, object]] = {}
        # Turned round in every other round: nobody always profits from the other's warm caches.
        for side in range(len(sides)) if number % 2 else reversed(range(len(sides))):
            runs[side] = _run(sides[side], first, cluster, results[0].units)
            advance()
        for side, result in enumerate(results, start=1):
            if runs[side][1] != runs[0][1]:
                raise Failed(
                    f"{result.benchmark.name}: the baseline has left {runs[side][1]}, the subject {runs[0][1]}."
                )
            if number:
                result.subject.append(runs[0][0])
                result.baseline.append(runs[side][0])
    return results


def _run(
    prepare: Callable[[Cluster, str, int], Callable[[], object]], benchmark: Benchmark, cluster: Cluster, units: int
) -> tuple[Run, object]:
    with cluster.database(*(["template0"] if benchmark.empty else [])) as name:
        work = prepare(cluster, name, units)
        cpu, wall = _cpu(cluster), time.perf_counter()
        seconds = work()
        wall = time.perf_counter() - wall
        p95 = quantiles(seconds, n=20)[-1] if isinstance(seconds, list) else None
        run = Run(wall, _cpu(cluster) - cpu, p95)
        return run, benchmark.left(cluster, name) if benchmark.left else None


def _cpu(cluster: Cluster) -> float:
    ours = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in ours) + cluster.cpu_seconds()
