from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from rich.progress import Progress
from rich.table import Column, Table

from config.commands import ProjectCommand, UsageFailed, VerificationFailed
from config.commands.counting import counted
from config.database.invariants import Invariant
from ops.verification.books import Report, invariants, verify_books


class Command(ProjectCommand):
    """Replays every chain and checks every invariant of the books; changes nothing but a line in `system_events`.

    Exit code 4 when a row is broken.
    """

    help = "Checks every invariant of the books: ledger, orders, requests. Exit code 4 if any row is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--incremental", action="store_true", help="check what was written since the last run that found nothing"
        )
        parser.add_argument(
            "--limit", type=int, default=20, metavar="N", help="name at most N broken rows of each rule (default 20)"
        )

    def handle(self, *, incremental: bool, limit: int, **options: Any) -> None:
        if limit < 1:
            raise UsageFailed("--limit is at least 1.")
        checks = invariants()
        with Progress(console=self.notes, disable=not self.notes.is_terminal, transient=True) as progress:
            task = progress.add_task("Verifying", total=len(checks))

            def advance(invariant: Invariant) -> None:
                progress.update(task, advance=1, description=f"Verified {invariant.name}")

            report = verify_books(incremental=incremental, limit=limit, checks=checks, done=advance)
        if incremental and report.since is None:
            self.notes.print("No earlier run to go on from: everything was checked.")
        self.emit(as_json(report))
        if report.broken:
            raise VerificationFailed(
                f"The books do not hold: {counted(report.broken, 'broken row')}. Stop posting, find out who wrote them,"
                " and correct them by new journals, or restore a backup."
            )

    def render(self, result: Mapping[str, Any]) -> None:
        table = Table("rule", Column("broken", justify="right"), Column("seconds", justify="right"), box=None)
        for rule in result["rules"]:
            table.add_row(rule["name"], f"{rule['broken']:,}", f"{rule['seconds']:.2f}")
        self.console.print(table, soft_wrap=True, highlight=False, markup=False)
        for rule in result["rules"]:
            if rule["broken"]:
                self.console.print(
                    f"\n{rule['name']}: {rule['sentence']}", highlight=False, markup=False, soft_wrap=True
                )
                for row in rule["rows"]:
                    line = f"  {rule['table']} {row['id']}: {row['problem']}"
                    self.console.print(line, highlight=False, markup=False, soft_wrap=True)


def as_json(report: Report) -> dict[str, Any]:
    """The report with stable keys."""
    return {
        "broken": report.broken,
        "incremental": report.since is not None,
        "rules": [
            {
                "name": finding.invariant.name,
                "table": finding.invariant.table,
                "sentence": finding.invariant.sentence,
                "broken": finding.broken,
                "rows": [{"id": key, "problem": problem} for key, problem in finding.rows],
                "seconds": round(finding.seconds, 3),
            }
            for finding in report.findings
        ],
    }
