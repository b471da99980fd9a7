from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rich.table import Column, Table

from config.commands import ProjectCommand
from ops.backup import listing
from ops.backup.store import Store


class Command(ProjectCommand):
    """Lists the backups, the newest first, with what is known of each; reads manifests only."""

    help = "Lists the backups: age, size, rows, when they were checked and drilled, and if this code can restore them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        pass

    def handle(self, **options: Any) -> None:
        self.emit({"backups": [listing.as_json(backup) for backup in reversed(Store(settings.BACKUP_DIR).all())]})

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
        self.console.print(table, width=max(self.console.width, 160), crop=False, highlight=False, markup=False)
