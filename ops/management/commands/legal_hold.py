from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from rich.table import Table

from audit.legal_holds import holds, place_hold, release_hold
from audit.models import LegalHold
from config.commands import ProjectCommand, UsageFailed
from ops.partitioning.tables import declared


class Command(ProjectCommand):
    """Lists legal holds, places one (`--place`) or releases one (`--release ID`).

    A hold keeps every partition in which any time of its period lies, however old it is.
    """

    help = "Lists, places and releases legal holds: partitions of a held period are never dropped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--place", action="store_true", help="place a hold")
        action.add_argument("--release", type=UUID, metavar="ID", help="release this hold")
        action.add_argument("--all", action="store_true", help="list released holds, too")
        parser.add_argument("--table", default="", metavar="NAME", help="with --place: only this table (default: all)")
        parser.add_argument("--from", type=_moment, metavar="TIME", dest="held_from", help="ISO 8601; UTC if no zone")
        parser.add_argument(
            "--until", type=_moment, metavar="TIME", dest="held_until", help="not in it (default: open)"
        )
        parser.add_argument("--reason", help="why: the case, the authority")
        parser.add_argument("--by", help="who wants it")
        parser.add_argument("--dry-run", action="store_true", help="say what would be written, change nothing")

    def handle(
        self,
        *,
        place: bool,
        release: UUID | None,
        all: bool,
        table: str,
        held_from: datetime | None,
        held_until: datetime | None,
        reason: str | None,
        by: str | None,
        dry_run: bool,
        **options: Any,
    ) -> None:
        if not place and release is None:
            if table or held_from or held_until or reason or by or dry_run:
                raise UsageFailed("This lists holds, and takes no option but --all: add --place, or --release ID.")
            self.emit({"holds": [_as_json(hold) for hold in holds(released=all)]})
            return
        if not reason or not by:
            raise UsageFailed("Give --reason and --by, and with --place also --from.")
        with transaction.atomic():
            if release is not None:
                hold = release_hold(hold=release, reason=reason, released_by=by)
            elif held_from is None:
                raise UsageFailed("Give with --place also --from, and --until if the period has an end.")
            else:
                hold = place_hold(
                    table=table,
                    held_from=held_from,
                    held_until=held_until,
                    reason=reason,
                    placed_by=by,
                    tables=[partitioning.table for partitioning in declared()],
                )
                hold.refresh_from_db()
            transaction.set_rollback(dry_run)
        if dry_run:
            self.notes.print("Dry run: nothing was changed.")
        self.emit({"holds": [_as_json(hold)]})

    def render(self, result: Mapping[str, Any]) -> None:
        if not result["holds"]:
            self.notes.print("Nothing is held.")
            return
        table = Table("id", "table", "from", "until", "reason", "by", "released", box=None, pad_edge=False)
        for hold in result["holds"]:
            until, released = hold["until"] or "open", hold["released_at"] or ""
            cells = [hold["table"] or "all", hold["from"], until, hold["reason"], hold["placed_by"], released]
            table.add_row(hold["id"], *(str(cell) for cell in cells))
        self.console.print(table, soft_wrap=True, highlight=False, markup=False)


def _moment(text: str) -> datetime:
    """A time of ISO 8601; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time like 2026-03-01 or 2026-03-01T12:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as_json(hold: LegalHold) -> dict[str, Any]:
    return {
        "id": str(hold.pk),
        "table": hold.table_name,
        "from": hold.held_from,
        "until": hold.held_until,
        "reason": hold.reason,
        "placed_by": hold.placed_by,
        "placed_at": hold.created_at,
        "released_at": hold.released_at,
        "released_by": hold.released_by,
        "release_reason": hold.release_reason,
    }
