from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from config.commands import ProjectCommand, UsageFailed, VerificationFailed
from ops.backup.check import check
from ops.backup.progress import bar
from ops.backup.store import Store


class Command(ProjectCommand):
    """Checks a backup and writes the result into its manifest. Exit code 4 if a byte is not what was written."""

    help = "Checks a backup: --quick compares every byte with the manifest."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="a backup's id, or latest")
        parser.add_argument("--quick", action="store_true", help="SHA-256 of every file and the manifest; no server")

    def handle(self, *, id: str, quick: bool, **options: Any) -> None:
        if not quick:
            raise UsageFailed("Only --quick is there.")
        store = Store(settings.BACKUP_DIR)
        backup = store.get(id)
        with bar(self.notes) as report:
            result = check(store, backup, report)
        self.emit({"id": backup.id, "kind": "quick", **result})
        if not result["ok"]:
            raise VerificationFailed(
                f"{backup.id} is damaged ({len(result['problems'])} files): use another backup, and make a new one."
            )

    def render(self, result: Mapping[str, Any]) -> None:
        self.stdout.write(f"{result['id']}: {'sound' if result['ok'] else 'damaged'}")
        for problem in result["problems"]:
            self.stdout.write(f"  {problem}")
