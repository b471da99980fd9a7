from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from config.commands import ProjectCommand, UsageFailed
from ops.backup import listing
from ops.pitr import base, stream
from ops.pitr.archive import Archive

ACTIONS = ("start", "stop", "status", "base", "prune")


class Command(ProjectCommand):
    """Receives the log of all changes and makes base backups, by PostgreSQL's own programs, into BACKUP_DIR/pitr.

    From both, `restore_db --to-time` goes back to any moment. Takes ADMIN_DATABASE_URL on a server of your own.
    """

    help = "Point-in-time recovery: receive the server's log (--start, --stop, --status), make base backups (--base)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--start", action="store_true", help="receive the log from now on, in the background")
        what.add_argument("--stop", action="store_true", help="stop receiving")
        what.add_argument("--status", action="store_true", help="what runs, what is kept, how far it is behind")
        what.add_argument(
            "--base", action="store_true", help="make a base backup while the server goes on, and check it"
        )
        what.add_argument(
            "--prune", action="store_true", help="remove old base backups and the log that only they need"
        )
        parser.add_argument("--synchronous", action="store_true", help="--start: a commit waits until it was received")
        parser.add_argument(
            "--keep-slot", action="store_true", help="--stop: let the server keep its log until --start"
        )
        parser.add_argument("--incremental", action="store_true", help="--base: only what changed (PostgreSQL 17 on)")
        parser.add_argument("--keep", type=int, default=2, metavar="N", help="--prune: so many full ones (default 2)")

    def handle(self, **options: Any) -> None:
        action = next(name for name in ACTIONS if options[name])
        belongs = {"synchronous": "start", "keep_slot": "stop", "incremental": "base"}
        for option, owner in belongs.items():
            if options[option] and action != owner:
                raise UsageFailed(f"--{option.replace('_', '-')} goes with --{owner}.")
        archive = Archive.below(settings.BACKUP_DIR)
        if action == "start":
            self.emit(stream.start(archive, synchronous=options["synchronous"]))
        elif action == "stop":
            self.emit(stream.stop(archive, keep_slot=options["keep_slot"]))
        elif action == "status":
            self.emit(stream.status(archive))
        elif action == "base":
            self.emit({"base": base.take(archive, incremental=options["incremental"]).as_json()})
        else:
            self.emit({"removed": base.prune(archive, keep=options["keep"])})

    def render(self, result: Mapping[str, Any]) -> None:
        if "base" in result:
            self.stdout.write(result["base"]["id"])
        elif "removed" in result:
            for name in result["removed"]:
                self.stdout.write(f"removed: {name}")
        else:
            self._render_status(result)

    def _render_status(self, result: Mapping[str, Any]) -> None:
        how = "synchronous" if result["synchronous"] else "asynchronous"
        lines = [f"receiving: {how}, process {result['pid']}" if result["streaming"] else "receiving: no"]
        if result["running"] and not result["streaming"]:
            lines.append(
                f"pg_receivewal (process {result['pid']}) receives nothing: see receiver.log, then pitr --start"
            )
        if result["slot"]:
            lines.append(f"behind: {listing.size(result['lag_bytes'])}")
            lines.append(f"kept by the server: {listing.size(result['retained_bytes'])}")
        lines.append(f"log: {result['segments']} segments in {result['folder']}")
        for each in result["bases"]:
            kind = f"incremental, on {each['parent']}" if each["parent"] else "full"
            lines.append(f"base backup {each['id']}: {kind}, until {each['ended_at']}")
        if result["needs_base"]:
            lines.append("There is no base backup yet, without which this log is of no use: pitr --base.")
        for line in lines:
            self.stdout.write(line)
