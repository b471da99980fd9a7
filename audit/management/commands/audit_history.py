from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from rich.markup import escape

from audit.history import History, NotAudited, Version, history, with_generated
from config.commands import Failed, ProjectCommand, UsageFailed


class Command(ProjectCommand):
    """Prints every version of one row of an audited table with who made it, or the row as it was at a time.

    Also after the row was deleted. Exit code 1 where neither the table nor the log knows the row, or it was not there
    at that time.
    """

    help = "Prints the history of one row of an audited table, or the row as it was at a time (--at)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("table", metavar="TABLE", help="name of an audited table, such as orders")
        parser.add_argument("id", metavar="ID", help="the row's id (UUID)")
        parser.add_argument("--at", metavar="TIME", help="ISO 8601, such as 2026-11-26T09:30Z; UTC if it says nothing")

    def handle(self, *, table: str, id: str, at: str | None, **options: Any) -> None:
        moment = _moment(at) if at else None
        try:
            found = history(table, UUID(id))
        except ValueError:
            raise UsageFailed(f"{id} is no UUID: copy the row's whole id.") from None
        except NotAudited as error:
            raise UsageFailed(str(error)) from None
        if not found.versions and found.before is None:
            raise Failed(f"Neither {table} nor the log knows a row {id}: check table and id.")
        if moment is not None:
            self.emit({"table": table, "id": id, "at": moment.isoformat(), "row": _row_at(found, moment)})
        elif self.json_output:
            self.emit({"table": table, "id": id, "versions": [_as_json(version) for version in found.versions]})
        else:
            self.render({"versions": found.versions})

    def render(self, result: Mapping[str, Any]) -> None:
        if "row" in result:
            for column, value in result["row"].items():
                self._line(f"{column}: {'' if value is None else value}")
            return
        for version in result["versions"]:
            who = " ".join(str(part) for part in (version.user_id, version.user_ip, version.service) if part)
            reason = f" ({version.reason})" if version.reason else ""
            self._line(f"{version.at.isoformat()} {version.action} by {who or version.db_user}{reason}")
            for column, change in version.lines:
                self._line(f"  {column}: {change}")

    def _line(self, text: str) -> None:
        self.console.print(escape(text), highlight=False, soft_wrap=True)


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise UsageFailed(f"{text} is no time: write it as 2026-11-26T09:30:00Z.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _row_at(found: History, moment: datetime) -> dict[str, Any]:
    row = found.at(moment)
    if row is None:
        raise Failed(f"{found.table} {found.record_id} was not there at {moment.isoformat()}.")
    return with_generated(found.table, row)


def _as_json(version: Version) -> dict[str, Any]:
    facts = {name: getattr(version, name) for name in version.__dataclass_fields__}
    # To the microsecond: given to --at, it is the time of this version.
    return {**facts, "at": version.at.isoformat()}
