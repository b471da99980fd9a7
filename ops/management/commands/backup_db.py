from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from audit.choices import Severity, SystemEventType
from config.commands import Failed, ProjectCommand, UsageFailed
from config.commands.counting import counted
from config.commands.numbers import finite
from ops.backup import listing
from ops.backup.dump import back_up
from ops.backup.events import record
from ops.backup.progress import bar
from ops.backup.store import Store

SERVICE = "backup_db"
#: What PostgreSQL takes for a time-out, in seconds: milliseconds in 32 bits.
LONGEST_WAIT = 2_147_483


class Command(ProjectCommand):
    """Makes a backup below BACKUP_DIR and prints its id; a failed run leaves nothing that looks like a backup.

    It is as good as proved only after `verify_backup`. Exit codes: 5 another run or a locked table, 6 no space, 7 the
    client programs are older than the server.
    """

    help = "Backs the database up into BACKUP_DIR and prints the backup's id. Prove it with verify_backup."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", metavar="LABEL", help="the backup's id (default: the time, UTC)")
        parser.add_argument("--jobs", type=int, default=2, metavar="N", help="tables at once (default 2)")
        parser.add_argument(
            "--lock-wait",
            type=finite,
            default=30,
            metavar="SECONDS",
            help="wait so long for a locked table (default 30)",
        )

    def handle(self, *, name: str | None, jobs: int, lock_wait: float, **options: Any) -> None:
        if jobs < 1 or not 0 < lock_wait <= LONGEST_WAIT:
            raise UsageFailed(f"--jobs is at least 1, --lock-wait more than 0 and at most {LONGEST_WAIT} seconds.")
        store = Store(settings.BACKUP_DIR)
        try:
            with bar(self.notes) as report:
                backup = back_up(store, label=name, jobs=jobs, lock_seconds=lock_wait, report=report)
        except (Failed, KeyboardInterrupt) as failure:
            message = str(failure) or "interrupted"
            details = {"exit_code": failure.returncode} if isinstance(failure, Failed) else None
            record(SystemEventType.BACKUP_FAILED, message, service=SERVICE, severity=Severity.ERROR, details=details)
            raise
        result = listing.as_json(backup) | {"seconds": backup.sound["seconds"]}
        details = {key: result[key] for key in ("id", "bytes", "rows", "seconds", "encrypted")}
        told = record(SystemEventType.BACKUP_COMPLETED, f"Backup {backup.id}.", service=SERVICE, details=details)
        if not told:
            self.notes.print("The backup is made; the line in system_events could not be written.")
        self.emit(result)

    def render(self, result: Mapping[str, Any]) -> None:
        self.stdout.write(result["id"])
        size, rows = listing.size(result["bytes"]), counted(result["rows"], "row")
        self.notes.print(
            f"{rows} of {counted(result['tables'], 'table')} in {size}, {result['seconds']} s: {result['path']}"
        )
