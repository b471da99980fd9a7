from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from config.commands import ProjectCommand, UsageFailed, VerificationFailed
from config.commands.numbers import not_negative
from ops.rehearsal import rehearse
from ops.rehearsal.render import WITHOUT_ROWS, as_json, as_markdown, as_rows, summary


class Command(ProjectCommand):
    """Runs the pending migrations on a throwaway clone and tells, for each statement, what others would meet.

    Exit code 4 when a migration fails there, or when somebody would wait for longer than --max-stall.
    """

    help = "Rehearses pending migrations on a clone: locks, rewrites, durations, predicted stalls."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("app_label", nargs="?", help="rehearse this app's migrations only, and what they need")
        parser.add_argument("migration_name", nargs="?", help="… to this migration, forwards or backwards (or: zero)")
        parser.add_argument(
            "--from-backup",
            metavar="BACKUP",
            help="on a backup instead of a copy: its id, latest, or a folder that pg_dump --format=directory has made",
        )
        parser.add_argument(
            "--max-stall", type=not_negative, metavar="MS", help="exit code 4 if a predicted stall is longer than this"
        )
        parser.add_argument("--markdown", action="store_true", help="print a table for a pull request")

    def handle(
        self,
        *,
        app_label: str | None,
        migration_name: str | None,
        from_backup: str | None,
        max_stall: float | None,
        markdown: bool,
        **options: Any,
    ) -> None:
        if markdown and self.json_output:
            raise UsageFailed("--markdown and --json are two forms of the same: give one of them.")
        self.markdown = markdown
        result = as_json(rehearse(backup=from_backup, app=app_label, name=migration_name), max_stall)
        self.emit(result)
        if not result["measured"] and not markdown:
            self.notes.print(WITHOUT_ROWS)
        if result["error"]:
            raise VerificationFailed(f"The rehearsal failed: {result['error']}. Nothing but the clone was touched.")
        if max_stall is not None and result["longest_stall_ms"] > max_stall:
            raise VerificationFailed(
                f"Others would wait for {result['longest_stall_ms']:,.0f} ms, and {max_stall:,.0f} are allowed: take"
                " the statement apart (docs/OPERATIONS.md, Rehearsing a deployment)."
            )

    def render(self, result: Mapping[str, Any]) -> None:
        if self.markdown:
            self.stdout.write(as_markdown(result))
            return
        migration = None
        for row in as_rows(result):
            if row[0] != migration:
                migration = row[0]
                self._print(migration)
            self._print(f"    {row[1]}")
            stall = f", others wait {row[4]} ms" if row[4] != "-" else ""
            self._print(f"        {row[3]} ms{stall}{'' if row[2] == '-' else f': {row[2]}'}")
        self._print(summary(result))

    def _print(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)
