from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from config.commands import ProjectCommand, VerificationFailed
from config.commands.counting import counted
from ops.drift.render import as_lines
from ops.migrating.baseline import adopt
from ops.migrating.options import add_lock_wait


class Command(ProjectCommand):
    """Takes over a database that has the schema but not the record of its migrations: records them, runs none.

    Only where the schema is what the migrations make; else it prints the differences, exit code 4. Exit code 5 while a
    migration runs.
    """

    help = "Records the migrations of an existing database as applied, if its schema has no drift."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compare and print what would be recorded, only")
        add_lock_wait(parser)

    def handle(self, *, dry_run: bool, lock_wait: float, **options: Any) -> None:
        adoption = adopt(dry_run=dry_run, lock_wait=lock_wait)
        self.emit(
            {
                "dry_run": dry_run,
                "recorded": list(adoption.recorded),
                "recorded_before": adoption.known,
                "drift": len(adoption.differences),
                "differences": [asdict(difference) for difference in adoption.differences],
            }
        )
        if adoption.differences:
            raise VerificationFailed(
                "Nothing was recorded: the schema differs from what the migrations make in"
                f" {counted(len(adoption.differences), 'point')}. Undo them, or bring the"
                " database to the schema by hand, then run this again."
            )
        if adoption.recorded and not dry_run:
            self.notes.print("Run migrate next: it has no migration to run, and makes the permissions of each model.")

    def render(self, result: Mapping[str, Any]) -> None:
        for difference in result["differences"]:
            for line in as_lines(difference):
                self._print(line)
        if result["drift"]:
            return
        if not result["recorded"]:
            self._print(f"Nothing to record: all {result['recorded_before']} migrations are.")
            return
        verb = "Would record" if result["dry_run"] else "Recorded"
        names = result["recorded"]
        self._print(f"{verb} {counted(len(names), 'migration')} as applied; the schema is what they make.")
        for name in names:
            self._print(f"  {name}")

    def _print(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)
