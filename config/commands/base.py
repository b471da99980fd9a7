"""The base of the project's commands: data on stdout (text or `--json`), everything else on stderr."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django_rich.management import RichCommand
from rich.console import Console

from config.commands.failures import UsageFailed


class ProjectCommand(RichCommand):
    """A command with `--json`; it returns its result through `emit`, and `render` turns it into text.

    `self.console` writes to stdout (the result), `self.notes` to stderr (progress and prose).
    """

    json_output = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", dest="json_output", help="print the result as JSON")
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.json_output = options.pop("json_output", False)
        self.notes = Console(
            file=options.get("stderr") or sys.stderr,
            force_terminal=options.get("force_color") or None,
            no_color=options.get("no_color") or None,
            highlight=False,
        )
        return super().execute(*args, **options)

    def emit(self, result: Mapping[str, Any]) -> None:
        """Print the result: as JSON with `--json` (decimals and times as strings), else through `render`."""
        if self.json_output:
            self.stdout.write(json.dumps(result, cls=DjangoJSONEncoder, indent=2))
        else:
            self.render(result)

    def render(self, result: Mapping[str, Any]) -> None:
        """Print the result for people; the default is a line per key."""
        for key, value in result.items():
            self.console.print(f"{key}: {value}", highlight=False, soft_wrap=True)

    def confirm(self, question: str, *, interactive: bool) -> None:
        """Ask on the terminal; raise `UsageFailed` where nobody can answer or the answer is not yes."""
        if not interactive:
            return
        if not sys.stdin.isatty():
            raise UsageFailed(f"{question} Nobody is here to answer: call again with --noinput to go on.")
        if self.ask(f"{question} Type yes to go on: ").lower() != "yes":
            raise UsageFailed("Nothing was changed, because the answer was not yes.")

    def ask(self, question: str) -> str:
        """What a person types; raises `UsageFailed` for Ctrl-D."""
        try:
            return input(question).strip()
        except EOFError:
            raise UsageFailed("Nothing was changed, because there was no answer.") from None
