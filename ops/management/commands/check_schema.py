from argparse import ArgumentParser
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from config.commands import ProjectCommand, VerificationFailed
from config.commands.counting import counted
from ops.drift import check
from ops.drift.render import as_json, as_lines


class Command(ProjectCommand):
    """Compares the live schema with what the migrations make of an empty database; changes nothing.

    Exit code 4 when they differ, 3 when there is nothing to compare with.
    """

    help = "Finds drift between the live schema and what the migrations give. Exit code 4 if there is any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--refresh", action="store_true", help="replay the migrations even where their result is known from a file"
        )
        parser.add_argument(
            "--ignore",
            action="append",
            default=[],
            metavar="PATTERN",
            help="leave out objects whose kind and name match, as in 'extension pg_stat_*'; may be repeated",
        )

    def handle(self, *, refresh: bool, ignore: list[str], **options: Any) -> None:
        report = check(refresh=refresh)
        drift = [
            difference
            for difference in report.differences
            if not any(fnmatchcase(f"{difference.kind} {difference.name}", pattern) for pattern in ignore)
        ]
        self.emit(as_json(report, drift, len(report.differences) - len(drift)))
        if report.pending:
            self.notes.print(
                f"{counted(len(report.pending), 'migration')} still to be applied: measured by those that are.",
                markup=False,
            )
        if drift:
            raise VerificationFailed(
                f"The schema has drifted: {counted(len(drift), 'difference')} from what the migrations"
                " give. Undo each by its statement above, or write it down as a migration."
            )

    def render(self, result: Mapping[str, Any]) -> None:
        for difference in result["differences"]:
            for line in as_lines(difference):
                self.console.print(line, highlight=False, markup=False, soft_wrap=True)
        if not result["drift"]:
            self.console.print(
                f"No drift: {result['objects']:,} objects are what the migrations make ({result['seconds']:.1f} s).",
                highlight=False,
                soft_wrap=True,
            )
