from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from audit.choices import Severity, SystemEventType
from config.commands import DrillMismatch, ProjectCommand, UsageFailed, VerificationFailed
from ops.backup.check import check
from ops.backup.drill import drill
from ops.backup.events import record
from ops.backup.progress import bar
from ops.backup.store import Store

SERVICE = "verify_backup"


class Command(ProjectCommand):
    """Proves a backup by restoring it into a scratch database, and writes the result into its manifest.

    Compares every row count, hash and sequence, then runs migrate --check, verify_books and verify_audit there. Exit
    codes: 4 a byte is not what was written or the books do not hold, 8 what was restored is not what was backed up.
    """

    help = "Proves a backup by a restore into a scratch database; --quick only compares every byte with the manifest."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="a backup's id, or latest")
        parser.add_argument("--quick", action="store_true", help="SHA-256 of every file and the manifest; no server")
        parser.add_argument("--jobs", type=int, default=2, metavar="N", help="tables at once (default 2)")

    def handle(self, *, id: str, quick: bool, jobs: int, **options: Any) -> None:
        if jobs < 1:
            raise UsageFailed("--jobs is at least 1.")
        store = Store(settings.BACKUP_DIR)
        backup = store.get(id)
        with bar(self.notes) as report:
            result = check(store, backup, report) if quick else drill(store, backup, jobs=jobs, report=report)
        self.emit({"id": backup.id, "drill": not quick, **result})
        if not result["ok"]:
            if not quick:  # which asks for no server
                message = f"Backup {backup.id} is not good: {result['problems'][0]}"
                record(SystemEventType.ERROR, message, service=SERVICE, severity=Severity.CRITICAL)
            failure = DrillMismatch if result.get("kind") in {"mismatch", "restore"} else VerificationFailed
            raise failure(f"{backup.id} is not good: {result['problems'][0]} Make a new backup now.")

    def render(self, result: Mapping[str, Any]) -> None:
        good = "restored and proved" if result["drill"] else "sound"
        self.stdout.write(f"{result['id']}: {good if result['ok'] else 'NOT GOOD'}")
        for problem in result["problems"]:
            self.stdout.write(f"  {problem}")
