import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import showmigrations
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections
from rich.console import Console
from rich.table import Column, Table

from config.commands import UsageFailed
from ops.migrating.timing import Timing, timings


class Command(showmigrations.Command):
    """Django's showmigrations; with --timing also when, how long, and at which attempt each migration was applied."""

    help = "Shows the migrations of the project; --timing adds what each of them cost."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--timing", action="store_true", help="show how long each applied migration took, and waited for locks"
        )

        parser.add_argument("--json", action="store_true", help="with --timing: print that as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"] and not options["timing"]:
            raise UsageFailed("--json goes with --timing.")
        if not options["timing"]:
            super().handle(*args, **options)
            return
        if options["format"] == "plan":
            raise UsageFailed("--plan and --timing are two views: give one of them.")
        if options["app_label"]:
            self._validate_app_names(None, options["app_label"])  # type: ignore[attr-defined]
        found = timings(connections[options["database"]], options["app_label"] or None)
        if options["json"]:
            migrations = [asdict(timing) for timing in found]
            self.stdout.write(json.dumps({"migrations": migrations}, cls=DjangoJSONEncoder, indent=2))
            return
        table = Table("migration", "applied", *(Column(name, justify="right") for name in _NUMBERS), "code", box=None)
        for timing in found:
            table.add_row(*_cells(timing))
        width = None if self.stdout.isatty() else _WIDTH_OF_A_FILE
        output: Any = self.stdout
        Console(file=output, width=width, highlight=False, markup=False).print(table)


#: Characters; no name is cut in what is not read on a terminal.
_WIDTH_OF_A_FILE = 200
_NUMBERS = ("ms", "attempts", "lock wait ms")


def _cells(timing: Timing) -> list[str]:
    """A migration that was applied before there was a record has no numbers."""
    numbers = [timing.duration_ms, timing.attempts, timing.lock_wait_ms]
    return [
        f"{timing.app}.{timing.name}",
        f"{timing.applied:%Y-%m-%d %H:%M:%S}",
        *("" if number is None else f"{number:,}" for number in numbers),
        timing.code_revision[:12],
    ]
