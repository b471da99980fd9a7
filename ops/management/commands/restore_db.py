import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from audit.choices import Severity, SystemEventType
from config.commands import Failed, ProjectCommand, UsageFailed
from ops.backup import listing
from ops.backup.events import record
from ops.backup.progress import bar
from ops.backup.restore import live_name, plan, plan_roll_back, restore, roll_back
from ops.backup.store import Store
from ops.pitr.archive import Archive
from ops.pitr.recover import choose, left_out, moment, prepare, recover_embedded, require_new

SERVICE = "restore_db"


class Command(ProjectCommand):
    """Restores a backup beside the live database, proves it there, then swaps the two; the old one is kept.

    The outage is the swap, a fraction of a second. A failed run changes nothing. Exit codes: 4 the backup is damaged, 5
    another run, 6 no space, 7 versions that do not fit, 8 what was restored is not what was backed up.
    """

    help = "Restores a backup: beside the live database, proved, then swapped in. --rollback undoes the last restore."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", nargs="?", help="a backup's id, or latest")
        parser.add_argument("--plan", action="store_true", help="print what would be done and how long it would take")
        parser.add_argument(
            "--as", dest="name", metavar="NAME", help="into a new database of this name; nothing else changes"
        )
        parser.add_argument(
            "--rollback", action="store_true", help="bring back the database that the last restore kept"
        )
        parser.add_argument(
            "--to-time", metavar="TIME", help="the embedded server as it was then (with its zone), or end; see pitr"
        )
        parser.add_argument(
            "--target", type=Path, metavar="FOLDER", help="--to-time: only put a data folder together there"
        )
        parser.add_argument("--no-backup", action="store_true", help="do not back the live database up first")
        parser.add_argument("--migrate", action="store_true", help="bring a backup of older code to this code")
        parser.add_argument(
            "--confirm", metavar="NAME", help="the live database's name, where nobody is here to type it"
        )
        parser.add_argument("--jobs", type=int, default=2, metavar="N", help="tables at once (default 2)")

    def handle(self, *, id: str | None, name: str | None, rollback: bool, **options: Any) -> None:
        to_time, target = options["to_time"], options["target"]
        if [id is not None, rollback, to_time is not None].count(True) != 1 or options["jobs"] < 1:
            raise UsageFailed("Name a backup (an id or latest), or --to-time, or --rollback; --jobs is at least 1.")
        if (target and to_time is None) or (
            id is None and (name is not None or options["migrate"] or options["no_backup"])
        ):
            raise UsageFailed("--as, --migrate and --no-backup go with a backup's id, --target with --to-time.")
        if to_time is not None:
            self._go_back(moment(to_time), target, options)
            return
        if rollback:
            if options["plan"]:
                self.emit(plan_roll_back())
                return
            self._require_confirmation(options["confirm"], "be put aside for the one that the last restore has kept")
            back, undone, outage = roll_back()
            self._record(f"Rolled back to {back}.", {"database": live_name(), "kept": undone})
            self.emit(
                {"database": live_name(), "rolled_back_to": back, "kept": undone, "outage_seconds": round(outage, 4)}
            )
            return
        store = Store(settings.BACKUP_DIR)
        backup = store.get(str(id))
        pre_backup = not options["no_backup"]
        intended = plan(backup, name=name, migrate=options["migrate"], pre_backup=pre_backup)
        if options["plan"]:
            self.emit(intended)
            return
        if name is None:
            self._require_confirmation(
                options["confirm"], f"be replaced by {backup.id} of {listing.when(intended['created_at'])}"
            )
        try:
            with bar(self.notes) as report:
                restored = restore(
                    store, backup, name=name, migrate=options["migrate"], pre_backup=pre_backup, jobs=options["jobs"],
                    report=report,
                )  # fmt: skip
        except Failed as failure:
            record(SystemEventType.ERROR, f"Restore failed: {failure}", service=SERVICE, severity=Severity.ERROR)
            raise
        self._record(f"Restored {backup.id}.", {"id": backup.id, "database": restored.database, "kept": restored.kept})
        self.emit(asdict(restored))

    def _go_back(self, until: datetime | None, target: Path | None, options: Mapping[str, Any]) -> None:
        archive = Archive.below(settings.BACKUP_DIR)
        if target is not None:
            target = target.absolute()
            require_new(archive, target)
        chosen = choose(archive, until)
        when = until.isoformat() if until else "the end of its log"
        if until is None and (lost := left_out(archive, chosen)):
            self.notes.print(lost, markup=False)
        if options["plan"]:
            where = f"put a data folder together in {target}" if target else "replace the embedded server's data folder"
            steps = [f"check base backup {chosen.id} of {chosen.ended_at.isoformat()}", where]
            steps += [] if target else [f"start the server, which replays its log until {when}"]
            self.emit({"base": chosen.id, "steps": steps, "seconds": None, "measured": False})
            return
        if target is not None:
            prepare(archive, until, target)
            self.emit({"base": chosen.id, "folder": str(target), "until": when})
            self.notes.print("Start PostgreSQL on that folder, as its own user: it replays the log up to then.")
            return
        self._require_confirmation(options["confirm"], f"go back, with all others of its server, to {when}")
        recovered = recover_embedded(archive, until)
        self._record(f"Recovered to {recovered.until}.", asdict(recovered))
        self.emit(asdict(recovered))
        self.notes.print("Its log goes on in another line now: pitr --start and pitr --base begin anew.")

    def render(self, result: Mapping[str, Any]) -> None:
        if "steps" in result:
            for number, step in enumerate(result["steps"], start=1):
                self.stdout.write(f"{number}. {step}")
            if result["seconds"] is not None:
                how = "as the last drill took" if result["measured"] else "by its size; a drill would tell better"
                self.stdout.write(f"About {result['seconds']:.0f} s, {how}.")
            return
        for key, value in result.items():
            if value is not None and key != "proofs":
                self.stdout.write(f"{key}: {value}")

    def _require_confirmation(self, confirmed: str | None, what: str) -> None:
        """The name of what is replaced must be typed, by a person or into the timer's command line."""
        live = live_name()
        if confirmed is None and sys.stdin.isatty():
            self.notes.print(f"The database {live} will {what}.", markup=False)
            confirmed = self.ask("Type its name to go on: ")
        if confirmed is None:
            raise UsageFailed(f"The database {live} would {what}: confirm it by --confirm={live}.")
        if confirmed != live:
            raise UsageFailed(f"Nothing was changed: the database is called {live}, not {confirmed}.")

    def _record(self, message: str, details: dict[str, Any]) -> None:
        if not record(SystemEventType.RESTORE_COMPLETED, message, service=SERVICE, details=details):
            self.notes.print("It is done; the line in system_events could not be written.")
