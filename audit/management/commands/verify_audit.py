from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from audit.sealing.anchor import public_key as load_public_key
from audit.sealing.verifier import Report, verify
from config.commands import ProjectCommand, UsageFailed, VerificationFailed


class Command(ProjectCommand):
    """Checks the chain of seals, every sealed row, and the audited tables against their log; changes nothing.

    Names each row that was altered, removed or slipped in. Exit code 4 when there is one.
    """

    help = (
        "Checks the seals and every sealed row, and leads each row of an audited table back through the log to every"
        " hash of it that was sealed. Exit code 4 if any row was altered, removed or slipped in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            type=_time,
            metavar="TIME",
            help="check the rows of seals made since then, and lead rows no further back (ISO 8601, UTC)",
        )
        parser.add_argument(
            "--limit",
            type=int,
            default=20,
            metavar="N",
            help="name at most N rows of each table and problem (default 20)",
        )

        parser.add_argument(
            "--anchor", type=Path, metavar="FILE", help="compare the chain with the heads that were exported there"
        )
        parser.add_argument(
            "--public-key",
            metavar="FILE",
            default=settings.AUDIT_PUBLIC_KEY_FILE,
            help="PEM file of the key that the anchor's signatures are checked with (default AUDIT_PUBLIC_KEY_FILE)",
        )

    def handle(
        self, *, since: datetime | None, limit: int, anchor: Path | None, public_key: str, **options: Any
    ) -> None:
        if limit < 1:
            raise UsageFailed("--limit is at least 1.")
        if anchor and not public_key:
            raise UsageFailed("An anchor is checked with a public key: name its file with --public-key.")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.notes, disable=not self.notes.is_terminal, transient=True) as progress:
            report = verify(
                since=since,
                limit=limit,
                anchor_file=anchor,
                public_key=load_public_key(public_key) if anchor else None,
                begin=lambda what, count: progress.add_task(what, total=count),
                advance=lambda count: progress.advance(progress.task_ids[-1], count),
            )
        self.emit(as_json(report, since))
        if report.findings.total:
            raise VerificationFailed(
                f"{report.findings.total} findings: what was sealed is not what is there. Keep the database as it is,"
                " and compare it with a backup."
            )
        if report.head is None:
            self.notes.print("Nothing was sealed so far: seal_audit does it.")

    def render(self, result: Mapping[str, Any]) -> None:
        for finding in result["findings"]:
            self.console.print(escape(finding["sentence"]), highlight=False, soft_wrap=True)
        for more in result["counts"]:
            if more["count"] > more["named"]:
                self.console.print(
                    f"{more['table'] or 'seals'}: {more['count'] - more['named']:,} more {more['problem']}",
                    highlight=False,
                )
        self.console.print(
            f"{result['rows']:,} rows of {result['seals']:,} seals, {result['live_rows']:,} rows of audited tables,"
            f" {result['versions']:,} older versions of them and {result['anchors']:,} anchors checked,"
            f" {result['total']:,} findings; {result['unsealed']:,} rows wait for their seal.",
            highlight=False,
            soft_wrap=True,
        )


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("is not a time as ISO 8601 writes it, such as 2026-01-31T12:00") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def as_json(report: Report, since: datetime | None) -> dict[str, Any]:
    """The report with stable keys."""
    findings = report.findings
    return {
        "total": findings.total,
        "seals": report.seals,
        "rows": report.rows,
        "unsealed": report.unsealed,
        "live_rows": report.live,
        "versions": report.versions,
        "anchors": report.anchors,
        "since": since,
        "head": {"seal": report.head[0], "hash": report.head[1]} if report.head else None,
        "counts": [
            {"table": table, "problem": problem.value, "count": count, "named": min(count, findings.limit)}
            for (table, problem), count in sorted(findings.counts.items())
        ],
        "findings": [
            {
                "problem": finding.problem.value,
                "table": finding.table,
                "key": finding.key,
                "seal": finding.seal,
                "sentence": finding.sentence,
            }
            for finding in findings.kept
        ],
    }
