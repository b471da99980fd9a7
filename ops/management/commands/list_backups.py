from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from rich.table import Column, Table

from config.commands import Failed, ProjectCommand, VerificationFailed
from ops.backup import listing
from ops.backup.store import Store
from ops.backup.watch import complaint, write_metrics


class Command(ProjectCommand):
    """Lists the backups, the newest first, with what is known of each; reads manifests only.

    With --check a monitor's command: exit code 4 when the last verified backup is too old.
    """

    help = "Lists the backups: age, size, rows, when they were checked and drilled, and if this code can restore them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="exit code 4 if the last verified backup is too old")
        parser.add_argument(
            "--max-age",
            type=_duration,
            default=timedelta(hours=26),
            metavar="AGE",
            help="as 90m, 26h, 8d (default 26h)",
        )
        parser.add_argument("--metrics", type=Path, metavar="FILE", help="write a text file for Prometheus, too")

    def handle(self, *, check: bool, max_age: timedelta, metrics: Path | None, **options: Any) -> None:
        backups = Store(settings.BACKUP_DIR).all()
        problem = complaint(backups, max_age=max_age, now=datetime.now(UTC))
        if metrics is not None:
            try:
                write_metrics(metrics, backups)
            except OSError as error:
                raise Failed(f"{metrics} cannot be written ({error.strerror}): name another file.") from None
        self.emit({"backups": [listing.as_json(backup) for backup in reversed(backups)], "problem": problem})
        if check and problem:
            raise VerificationFailed(problem)

    def render(self, result: Mapping[str, Any]) -> None:
        if not result["backups"]:
            self.notes.print(f"There is no backup in {settings.BACKUP_DIR}: make one with backup_db.")
            return
        right = {"justify": "right"}
        table = Table(
            "id", Column("age", **right), Column("size", **right), Column("rows", **right),  # type: ignore[arg-type]
            "checked", "drilled", "restorable", "state", box=None,
        )  # fmt: skip
        for each in result["backups"]:
            state = each["problem"] or ("good" if each["good"] else "not verified")
            rows = "?" if each["rows"] is None else f"{each['rows']:,}"
            table.add_row(
                each["id"], listing.age(each["age_seconds"]), listing.size(each["bytes"]), rows,
                listing.when(each["checked_at"]), listing.when(each["drilled_at"]), each["restorable"], state,
            )  # fmt: skip
        # Ids are for copying: never cut, however narrow the terminal is.
        self.console.width = max(self.console.width, 200)
        self.console.print(table, soft_wrap=True, highlight=False, markup=False)


def _duration(text: str) -> timedelta:
    try:
        return listing.duration(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
