"""Measuring: subject and baseline in turn, so that a machine that slows down slows both."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from ops.bench.cluster import Cluster


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """Two ways to do the same work. `subject` and `baseline` prepare a run and return what is timed.

    What is timed does `units` of work on the database of the given name. `floor` is the least throughput, as a share
    of the baseline's, that a quick run accepts.
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


@dataclass(frozen=True)
class Run:
    """Seconds of one run: on the clock, and of CPU in this process, its children and the server."""

    wall: float
    cpu: float


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
            return {
                "wall_seconds": round(wall, 4),
                "cpu_seconds": round(median(run.cpu for run in runs), 4),
                "per_second": round(self.units / wall, 1),
                "runs": [{"wall_seconds": round(run.wall, 4), "cpu_seconds": round(run.cpu, 4)} for run in runs],
            }

        return {
            "name": self.benchmark.name,
            "sentence": self.benchmark.sentence,
            "unit": self.benchmark.unit,
            "units": self.units,
            "subject": side(self.subject),
            "baseline": side(self.baseline),
            "wall_share": round(self.share("wall"), 3),
            "cpu_share": round(self.share("cpu"), 3),
            "floor": self.benchmark.floor,
            "holds": self.holds,
        }


def measure(
    benchmark: Benchmark, cluster: Cluster, *, rounds: int, quick: bool, advance: Callable[[], object]
) -> Result:
    """Run both sides `rounds` times in turn, after one round that warms up and is not counted."""
    result = Result(benchmark, benchmark.units(quick))
    for number in range(rounds + 1):
        # Each side is first in every other round: neither always profits from the other's warm caches.
        sides = ["subject", "baseline"] if number % 2 else ["baseline", "subject"]
        for side in sides:
            run = _run(getattr(benchmark, side), benchmark, cluster, result.units)
            if number:
                getattr(result, side).append(run)
            advance()
    return result


def _run(
    prepare: Callable[[Cluster, str, int], Callable[[], object]], benchmark: Benchmark, cluster: Cluster, units: int
) -> Run:
    with cluster.database(*(["template0"] if benchmark.empty else [])) as name:
        work = prepare(cluster, name, units)
        cpu, wall = _cpu(cluster), time.perf_counter()
        work()
        wall = time.perf_counter() - wall
        return Run(wall, _cpu(cluster) - cpu)


def _cpu(cluster: Cluster) -> float:
    ours = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in ours) + cluster.cpu_seconds()
