from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.db import connection
from rich.progress import Progress

from audit.choices import Severity, SystemEventType
from audit.sealing import chain
from audit.sealing.exporting import export_head
from audit.sealing.horizon import Delay, delay
from audit.sealing.sealer import Sealed, seal
from audit.sealing.tables import SealedTable, sealed_tables
from audit.services import record_system_event
from config.commands import Failed, ProjectCommand, UsageFailed
from config.commands.counting import counted
from config.commands.numbers import finite
from config.database.locks import exclusive
from config.database.owner import connected_as_owner

SERVICE = "seal_audit"


class Command(ProjectCommand):
    """Seals all rows of the logs and the ledger whose transactions have ended; to be run every minute.

    It runs as the schema's owner (MIGRATE_DATABASE_URL), one at a time, and takes no lock that a writer waits for. The
    chain's head is signed (AUDIT_SIGNING_KEY_FILE) and exported to AUDIT_ANCHOR, a file or an https address.
    """

    help = (
        "Seals the rows of the logs and the ledger. Exit code 1 if a transaction delays it for too long, 5 if locked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--max-delay",
            type=finite,
            default=300,
            metavar="SECONDS",
            help="alarm when a transaction has kept rows from being sealed for longer (default 300)",
        )

    def handle(self, *, max_delay: float, **options: Any) -> None:
        if max_delay <= 0:
            raise UsageFailed("--max-delay is greater than 0 seconds.")
        with connected_as_owner(), exclusive(chain.LOCK, what="Another sealer"):
            late = _too_late(max_delay)
            with Progress(console=self.notes, disable=not self.notes.is_terminal, transient=True) as progress:
                task = progress.add_task("Sealing", total=len(sealed_tables()))

                def advance(table: SealedTable) -> None:
                    progress.update(task, advance=1, description=f"Sealed {table.name}")

                sealed = seal(done=advance)
            if late:
                _record_delay(late)
            with connection.cursor() as cursor:
                anchored = export_head(cursor, sealed.head) if sealed.head else ""
        self.emit({**as_json(sealed, late), "anchored_to": anchored or None})
        if late:
            raise Failed(
                f"{late.holder} has kept rows from being sealed for {late.seconds:.0f} s: end that transaction."
                " What was written before it is sealed."
            )

    def render(self, result: Mapping[str, Any]) -> None:
        self.console.print(
            f"{counted(result['seals'], 'seal')} over {counted(result['rows'], 'row')}; the chain's head"
            f" is {result['head']['seal']} {result['head']['hash']}",
            highlight=False,
            soft_wrap=True,
        )


def _too_late(max_delay: float) -> Delay | None:
    with connection.cursor() as cursor:
        found = delay(cursor)
    return found if found and found.seconds is not None and found.seconds > max_delay else None


def _record_delay(late: Delay) -> None:
    record_system_event(
        event_type=SystemEventType.SECURITY_ALERT,
        severity=Severity.WARNING,
        message=f"Rows cannot be sealed for {late.seconds:.0f} s, because of {late.holder}.",
        details={"seconds": round(late.seconds or 0), "holder": late.holder},
        service=SERVICE,
    )


def as_json(sealed: Sealed, late: Delay | None) -> dict[str, Any]:
    """The result with stable keys."""
    head = sealed.head
    return {
        "seals": sealed.seals,
        "rows": sum(sealed.rows.values()),
        "tables": {name: count for name, count in sealed.rows.items() if count},
        "head": {"seal": head.id, "hash": head.hash.hex()} if head else None,
        "delayed_by": {"holder": late.holder, "seconds": round(late.seconds or 0)} if late else None,
    }
