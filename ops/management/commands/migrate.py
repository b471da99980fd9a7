import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS
from django.db.migrations.exceptions import InconsistentMigrationHistory, IrreversibleError
from django.db.migrations.loader import MigrationLoader

from audit.sealing.chain import LOCK
from audit.sealing.sealer import reseal_code, sealing_has_begun
from config.commands import Failed, UsageFailed
from config.database.locks import exclusive
from config.database.owner import connected_as_owner
from ops.migrating.deployment import Policy, deployment
from ops.migrating.dry_run import PlannedMigration, Shown, as_text
from ops.migrating.options import add_lock_wait, add_max_retry_time
from ops.migrating.targets import find_targets


class Command(migrate.Command):
    """Django's migrate: as the schema's owner, one deployer at a time, without making anybody queue for long.

    A second deployer waits for the first (up to --lock-wait), then finds what is left to do, usually nothing.
    """

    help = "Updates the database schema, as its owner, one deployer at a time, without stopping those who trade."
    #: For a server that migrates when it starts: newer code may have been here while there is nothing to do.
    stealth_options = ("allow_ahead_if_idle",)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_lock_wait(parser)
        add_max_retry_time(parser)
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="print the SQL and the lock that each statement takes, change nothing",
        )
        parser.add_argument("--json", action="store_true", help="with --dry-run: print that as JSON")
        parser.add_argument(
            "--allow-ahead", action="store_true", help="go on although newer code has migrated this database"
        )
        parser.add_argument(
            "--allow-edited", action="store_true", help="take applied migrations that were edited as they are now"
        )

    def _show(self, plan: list[PlannedMigration], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"migrations": [asdict(migration) for migration in plan]}, indent=2))
        else:
            for line in as_text(plan):
                self.stdout.write(line)

    def handle(self, *args: Any, **options: Any) -> None:
        _refuse_what_does_not_fit(options)
        with _in_one_sentence():
            self._handle(*args, **options)

    def _handle(self, *args: Any, **options: Any) -> None:
        if options["plan"] or options["check_unapplied"]:
            with connected_as_owner(options["database"]):
                super().handle(*args, **options)
            return
        policy = Policy(
            lock_wait_seconds=options["lock_wait"],
            max_retry_seconds=options["max_retry_time"],
            # Pruning removes just the records that would be refused.
            allow_ahead=options["allow_ahead"] or options["prune"],
            allow_ahead_if_idle=options.get("allow_ahead_if_idle", False),
            allow_edited=options["allow_edited"],
            show=partial(self._show, as_json=options["json"]) if options["dry_run"] else None,
        )
        notify = self.stderr.write if options["verbosity"] else lambda sentence: None
        if options["dry_run"]:
            # Nothing but SQL goes to stdout.
            options["verbosity"] = 0
        with (
            suppress(Shown),
            deployment(options["database"], policy, notify) as executor,
            _executor_of_django(executor),
        ):
            super().handle(*args, **options)
            if options["database"] == DEFAULT_DB_ALIAS and sealing_has_begun():
                # What a migration has made of functions and triggers is what verify_audit compares them with.
                with exclusive(LOCK, what="The sealer", wait_seconds=options["lock_wait"]):
                    reseal_code()


def _refuse_what_does_not_fit(options: dict[str, Any]) -> None:
    """Raise `UsageFailed` before anything is asked of the database."""
    if options["json"] and not options["dry_run"]:
        raise UsageFailed("--json goes with --dry-run; what a run did is in showmigrations --timing --json.")
    if options["dry_run"]:
        for other in _NOT_FOR_A_DRY_RUN:
            if options[other]:
                option = other.replace("_", "-")
                raise UsageFailed(f"--{option} does not go with --dry-run, which shows the SQL that would be run.")
    app = options["app_label"]
    if not app:
        if options["prune"]:
            raise UsageFailed("--prune goes with an app: name the one whose records are to go.")
        return
    loader = MigrationLoader(None)
    if not options["run_syncdb"]:
        find_targets(loader, app, options["migration_name"])
    elif app in loader.migrated_apps:
        raise UsageFailed(f"--run-syncdb is for apps without migrations, and {app} has some.")


#: What Django does itself, past the executor that only shows.
_NOT_FOR_A_DRY_RUN = ("fake", "fake_initial", "prune", "run_syncdb")


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    """What Django finds wrong with the migrations, as `Failed`."""
    try:
        yield
    except InconsistentMigrationHistory as error:
        raise Failed(
            f"The record of migrations has a gap, and nothing was run: {error} migrate_repair --dry-run tells what is"
            " there without its record."
        ) from error
    except IrreversibleError as error:
        raise Failed(f"{error}, so that migration and those before it stay applied.") from error


@contextmanager
def _executor_of_django(executor: Callable[..., Any]) -> Iterator[None]:
    """Django's command has no hook for its executor: within the block it finds ours under that name."""
    own = vars(migrate)["MigrationExecutor"]
    vars(migrate)["MigrationExecutor"] = executor
    try:
        yield
    finally:
        vars(migrate)["MigrationExecutor"] = own
