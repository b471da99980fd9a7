"""How long writers stall while the project's own migrations go down and up again on tables in use.

`python -m tests.ops.migrating.measure_project [--scale N] [--blocker SECONDS] [--from APP.NAME] [APP.NAME …]`, on a
throwaway server: a seeded database with about N times 1,500,000 rows, 150 writes a second over all tables, and,
whenever a migration begins, a transaction that holds a lock on every table. The way down begins at the newest
migrations or, unwatched before that, at `--from`; it ends at the positional ones, by default before the first of all.

Each step is a line on stderr when it has ended. At the end it prints what a migration did to writers where it was
noticed, and exits with 1 if a writer waited for longer than `LIMIT_MS`.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")

import django

django.setup()

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config.commands import UsageFailed
from config.database.owner import connected_as_owner
from ops.bench.cluster import Cluster, throwaway_cluster
from ops.migrating.executor import GuardedExecutor
from ops.migrating.source import PROJECT_APPS
from ops.migrating.targets import Key, find_targets
from ops.seeding.scale.load import load
from tests.databases import Database
from tests.migrations.back_and_forth import BackAndForth
from tests.ops.migrating.traffic import TABLES, Report, Write, all_tables, clients, worst

LIMIT_MS, LIMIT_P99_MS, LIMIT_AFTER_S = 250, 150, 3


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass
class Step:
    """A migration on its way; times are seconds of the monotonic clock."""

    name: str
    began: float
    ended: float = 0
    free: float = 0
    retries: int = 0

    @property
    def late(self) -> float:
        """Seconds from the end of the report to its own; negative if it was done before."""
        return self.ended - self.free


class Watch:
    """The executor's progress: each migration meets a report of its own."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database, self._seconds = database, seconds
        self._report: Report | None = None
        self.steps: list[Step] = []
        self.executor: GuardedExecutor | None = None

    def __call__(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if action.endswith("_start") and migration is not None:
            tables = [row["relname"] for row in self._database.rows(TABLES)]
            self._report = Report(self._database, tables, self._seconds)
            self.steps.append(Step(f"{migration} {'down' if action.startswith('un') else 'up'}", time.monotonic()))
        elif self._report:
            step, report = self.steps[-1], self._report
            step.ended = time.monotonic()
            step.retries = self.executor.patience.retries if self.executor else 0
            step.free, self._report = report.due, None
            report.stop()
            sys.stderr.write(
                f"{len(self.steps):4} {step.name}: {step.ended - step.began:.1f} s, {step.retries + 1} tries,"
                f" {step.late:+.1f} s after the report\n"
            )


def travel(database: Database, targets: list[Key], seconds: float) -> list[Step]:
    """All migrations of the project down to `targets`."""
    watch = Watch(database, seconds)
    watch.executor = BackAndForth(connection, watch)
    watch.executor.migrate(targets)
    return watch.steps


def show(steps: list[Step], writes: list[Write]) -> bool:
    """Print the steps that somebody noticed; whether all are within the limits."""
    good = True
    write("| migration | s | tries | after the report s | longest write ms | p99 ms |")
    write("|---|--:|--:|--:|--:|--:|")
    everything = []
    for step in steps:
        # Who waited for a table that is gone now is not counted.
        own = [
            one
            for one in writes
            if one.began < step.ended and one.began + one.ms / 1000 > step.began and one.refused != "42P01"
        ]
        everything += own
        longest, p99 = worst(own) if own else (0, 0)
        if longest > LIMIT_MS / 2 or step.late > LIMIT_AFTER_S:
            numbers = f"{step.retries + 1} | {step.late:.1f} | {longest:.0f} | {p99:.0f}"
            write(f"| {step.name} | {step.ended - step.began:.1f} | {numbers} |")
        good = good and longest <= LIMIT_MS and p99 <= LIMIT_P99_MS and step.late <= LIMIT_AFTER_S
    longest, p99 = worst(everything)
    refused = sorted({one.refused for one in everything if one.refused})
    write(f"\n{len(steps)} steps, {len(everything):,} writes: longest {longest:.0f} ms, p99 {p99:.0f} ms")
    write(f"refused: {', '.join(refused)}")
    return good


def run(cluster: Cluster, scale: float, seconds: float, targets: list[Key], begin: list[Key]) -> bool:
    with cluster.database() as name:
        database = Database(name)
        if scale:
            load(scale=scale, seed=1)
        with connected_as_owner():
            GuardedExecutor(connection).migrate(begin)
            rows = database.rows("SELECT sum(n_live_tup)::bigint AS n FROM pg_stat_user_tables")[0]["n"]
            database.rows("ANALYZE")
            write(f"{rows:,} rows, a blocker of {seconds:g} s, 150 writes a second\n")
            with clients(database, [all_tables, all_tables]) as writes:
                time.sleep(2)
                began = time.monotonic()
                steps = travel(database, targets, seconds)
            before = [one for one in writes if one.began < began]
            write("without a migration: longest {:.0f} ms, p99 {:.0f} ms\n".format(*worst(before)))
            return show(steps, writes)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0)
    parser.add_argument("--blocker", type=float, default=20)
    parser.add_argument("--from", dest="begin", type=key, action="append", default=[], metavar="APP.NAME")
    parser.add_argument("target", type=key, nargs="*", metavar="APP.NAME")
    options = parser.parse_args()
    targets = options.target or [(app, None) for app in sorted(PROJECT_APPS)]
    with throwaway_cluster() as cluster:
        sys.exit(not run(cluster, options.scale, options.blocker, targets, options.begin))


def key(text: str) -> Key:
    """`APP.NAME`, whose name may be cut short, or `APP.zero`."""
    app, _, name = text.partition(".")
    try:
        [found] = find_targets(MigrationLoader(None), app, name)
    except (UsageFailed, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return found


if __name__ == "__main__":
    main()
