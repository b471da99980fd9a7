from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from rich.table import Column, Table

from config.commands import Failed, ProjectCommand, UsageFailed, VerificationFailed
from config.commands.counting import counted
from config.commands.numbers import not_negative
from config.database.partitions import RangePartitioning
from ops.partitioning.plan import Retire, Step, problems
from ops.partitioning.run import LOCK_WAIT, apply, only_run, plan_all
from ops.partitioning.tables import declared, read_state


class Command(ProjectCommand):
    """Brings every table that is cut by time to what its app declares: plans, prints the plan, applies it.

    Coming periods are made; those whose time is over are exported to ARCHIVE_DIR, compared with the file, and dropped.
    Runs as the schema's owner, by timer. Exit code 5 while another run is at work. `--check` changes nothing and ends
    with 4 when less than a month is premade or a catch-all holds rows.
    """

    help = "Makes coming partitions, exports and drops old ones, as each app declares. --check: is all well?"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--table", action="append", metavar="NAME", help="only this table; may be repeated")
        parser.add_argument("--dry-run", action="store_true", help="print the plan, change nothing")
        parser.add_argument("--check", action="store_true", help="only say whether all is well; exit code 4 if not")
        parser.add_argument("--noinput", action="store_true", help="do not ask before partitions are dropped")
        parser.add_argument(
            "--lock-wait",
            type=not_negative,
            default=LOCK_WAIT,
            metavar="SECONDS",
            help="how long to try again where transactions use a table (default %(default)g)",
        )

    def handle(
        self, *, table: list[str] | None, dry_run: bool, check: bool, noinput: bool, lock_wait: float, **options: Any
    ) -> None:
        tables = _chosen(table)
        if check:
            self._check(tables)
            return
        if dry_run:
            steps = self._plan(tables)
            self.notes.print("Dry run: nothing was changed.")
            self.emit({"applied": False, "steps": [step.as_json() for step in steps], "failures": []})
            return
        results, failures = [], []
        with only_run():
            steps = self._plan(tables)
            leaving = sum(isinstance(step, Retire) for step in steps)
            self.confirm(
                f"This exports {counted(leaving, 'partition')} to {settings.ARCHIVE_DIR} and drops what was exported"
                " from the database.",
                interactive=leaving > 0 and not noinput,
            )
            for step in steps:
                # One table that is in use does not keep the others waiting.
                try:
                    results.append(apply(step, lock_wait=lock_wait))
                except Failed as error:
                    failures.append(str(error))
                    self.notes.print(str(error), markup=False, soft_wrap=True)
        self.emit({"applied": True, "steps": results, "failures": failures})
        if failures:
            raise Failed(f"{len(failures)} of {len(steps)} steps were not done: see above, then run this again.")

    def _plan(self, tables: list[RangePartitioning]) -> list[Step]:
        steps = plan_all(tables, now=datetime.now(UTC))
        for step in steps:
            self.notes.print(f"{step.partitioning.table}: {step.describe()}", markup=False, soft_wrap=True)
        return steps

    def _check(self, tables: list[RangePartitioning]) -> None:
        now = datetime.now(UTC)
        states = [read_state(partitioning) for partitioning in tables]
        found = [problem for state in states for problem in problems(state, now=now)]
        self.emit(
            {
                "tables": [
                    {
                        "table": state.table,
                        "partitions": len(state.partitions),
                        "premade_until": state.catch_all.lower,
                        "catch_all_holds_rows": state.catch_all_rows,
                    }
                    for state in states
                ],
                "problems": found,
            }
        )
        if found:
            raise VerificationFailed("\n".join(found))

    def render(self, result: Mapping[str, Any]) -> None:
        if "tables" in result:
            table = Table("table", "partitions", "premade until", "catch-all", box=None, pad_edge=False)
            for row in result["tables"]:
                table.add_row(
                    row["table"],
                    str(row["partitions"]),
                    f"{row['premade_until']:%Y-%m-%d}",
                    "holds rows" if row["catch_all_holds_rows"] else "empty",
                )
        elif not result["steps"] and not result["failures"]:
            self.notes.print("Nothing is to be done.")
            return
        else:
            right = Column("partitions", justify="right"), Column("rows", justify="right")
            table = Table("table", "step", "from", "to", *right, "file", box=None, pad_edge=False)
            for row in result["steps"]:
                bounds = [f"{row[end]:%Y-%m-%d}" if row[end] else "" for end in ("from", "to")]
                rows = f"{row['rows']:,}" if "rows" in row else ""
                count = str(len(row["partitions"]))
                table.add_row(row["table"], row["step"], *bounds, count, rows, row.get("file") or "")
        self.console.print(table, soft_wrap=True, highlight=False, markup=False)


def _chosen(names: list[str] | None) -> list[RangePartitioning]:
    """The tables of these names, or all; raises `UsageFailed` for a table that is not cut by time."""
    known = {partitioning.table: partitioning for partitioning in declared()}
    unknown = sorted(set(names or ()) - known.keys())
    if unknown:
        raise UsageFailed(f"{', '.join(unknown)} is not cut by time; these are: {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())
