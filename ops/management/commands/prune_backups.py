from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from config.commands import ProjectCommand, UsageFailed
from config.commands.numbers import finite
from ops.backup.retention import Policy, prune, prune_databases
from ops.backup.store import Store

#: A thousand years; what is far more is before the first day that a computer knows.
LONGEST_DAYS = 365_000


class Command(ProjectCommand):
    """Removes old backups, and old databases that restores have put aside; only after the newest backup was verified.

    Never the last drilled one, never the last few good ones, never one that is being restored, never a damaged one.
    """

    help = "Removes backups that are old enough; refuses while the newest one is not verified."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        policy = Policy()
        parser.add_argument(
            "--keep-days",
            type=finite,
            default=policy.days,
            metavar="N",
            help="keep all of the last N days (default 30)",
        )
        for period in ("daily", "weekly", "monthly"):
            default = getattr(policy, period)
            parser.add_argument(
                f"--keep-{period}",
                type=int,
                default=default,
                metavar="N",
                help=f"one for each of N periods ({default})",
            )
        parser.add_argument(
            "--keep-minimum", type=int, default=policy.minimum, metavar="N", help="the last N good ones (default 3)"
        )
        parser.add_argument(
            "--keep-databases",
            type=finite,
            default=7,
            metavar="DAYS",
            help="those that restores put aside (default 7 days)",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would go")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        names = ("days", "daily", "weekly", "monthly", "minimum")
        policy = Policy(**{name: options[f"keep_{name}"] for name in names})
        if min(getattr(policy, name) for name in names) < 0 or policy.minimum < 1 or options["keep_databases"] < 0:
            raise UsageFailed("What is to be kept is a number from 0 on, --keep-minimum from 1 on.")
        if max(policy.days, options["keep_databases"]) > LONGEST_DAYS:
            raise UsageFailed(f"--keep-days and --keep-databases are at most {LONGEST_DAYS} days.")
        verdicts = prune(Store(settings.BACKUP_DIR), policy, dry_run=dry_run)
        live = str(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])
        databases = prune_databases(live, days=options["keep_databases"], dry_run=dry_run)
        self.emit(
            {
                "dry_run": dry_run,
                "removed": [verdict.backup.id for verdict in verdicts if verdict.reason is None],
                "kept": {verdict.backup.id: verdict.reason for verdict in verdicts if verdict.reason},
                "databases": databases,
            }
        )

    def render(self, result: Mapping[str, Any]) -> None:
        verb = "would be removed" if result["dry_run"] else "removed"
        for name in (*result["removed"], *(f"database {name}" for name in result["databases"])):
            self.stdout.write(f"{verb}: {name}")
        if not (result["removed"] or result["databases"]):
            self.stdout.write("nothing to remove")
        for name, reason in result["kept"].items():
            self.stdout.write(f"kept: {name}: {reason}")
