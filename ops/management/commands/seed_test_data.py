from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from rich.progress import Progress
from rich.table import Column, Table

from config.commands import ProjectCommand, UsageFailed
from config.commands.numbers import finite
from ops.seeding.additions import Additions
from ops.seeding.people import Credential
from ops.seeding.reset import empty_database
from ops.seeding.scale.load import load, refuse_second_load
from ops.seeding.seed import random_password, seed_small_broker


class Command(ProjectCommand):
    """Fills the database with a small broker's test data; what is there already stays as it is.

    The passwords of new users are random and printed once. With DEBUG off they must come from --password-env.
    """

    help = "Adds test data: users, instruments, accounts, providers, rules, limits; with --scale a large database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="delete ALL data first, then seed anew")
        parser.add_argument("--noinput", action="store_true", help="with --reset: do not ask")
        parser.add_argument(
            "--confirm", metavar="DATABASE", help="with --reset or --scale, and DEBUG off: the database's name"
        )
        parser.add_argument(
            "--password-env", metavar="VARIABLE", help="the environment variable that holds the new users' password"
        )
        parser.add_argument(
            "--scale", type=finite, metavar="N", help="also load a large simulated history: 1 is about 100,000 orders"
        )
        parser.add_argument("--dry-run", action="store_true", help="say which rows are missing, change nothing")
        parser.add_argument("--seed", type=int, default=1, help="with --scale: another number, other data (default 1)")

    def handle(
        self,
        *,
        reset: bool,
        noinput: bool,
        confirm: str | None,
        password_env: str | None,
        scale: float | None,
        seed: int,
        dry_run: bool,
        **options: Any,
    ) -> None:
        if dry_run:
            self._show_what_is_missing(alone=not reset and scale is None)
            return
        self._refuse_bad_options(reset=reset, confirm=confirm, password_env=password_env, scale=scale)
        password_for = self._password_source(password_env)
        if reset:
            self._empty(interactive=not noinput)
        if scale is not None:
            refuse_second_load()
        seeded = seed_small_broker(password_for=password_for)
        added = Additions(seeded.added)
        try:
            if scale is not None:
                self._load(added, scale=scale, seed=seed)
        finally:
            # Also when loading fails: the new users are there, and their passwords are known nowhere else.
            self._report(added, seeded.credentials, repeat_passwords=password_env is None)

    def _load(self, added: Additions, *, scale: float, seed: int) -> None:
        with Progress(console=self.notes, disable=not self.notes.is_terminal, transient=True) as progress:
            task = progress.add_task("Loading", total=1.0)
            added.update(load(scale=scale, seed=seed, advance=lambda share: progress.advance(task, share)))

    def _report(self, added: Additions, credentials: list[Credential], *, repeat_passwords: bool = True) -> None:
        """A password that came from the environment is known to whoever put it there, and is not repeated."""
        hidden = {} if repeat_passwords else {"password": None}
        self.emit(
            {
                "created": dict(sorted(added.items())),
                "credentials": [credential._asdict() | hidden for credential in credentials],
            }
        )

    def _show_what_is_missing(self, *, alone: bool) -> None:
        if not alone:
            raise UsageFailed("--dry-run shows what seeding would add; it does not go with --reset and --scale.")
        with transaction.atomic():
            added = seed_small_broker().added
            transaction.set_rollback(True)
        self.notes.print("Dry run: nothing was changed.")
        self._report(added, [])

    @staticmethod
    def _refuse_bad_options(*, reset: bool, confirm: str | None, password_env: str | None, scale: float | None) -> None:
        name = connection.settings_dict["NAME"]
        if not settings.DEBUG and password_env is None:
            raise UsageFailed(
                "DEBUG is off, so no passwords are made up: give the variable that holds one with --password-env."
            )
        if reset and not settings.DEBUG and confirm != name:
            raise UsageFailed(f"DEBUG is off: to delete all data of {name}, add --confirm {name}.")
        if scale is not None and not settings.DEBUG and confirm != name:
            raise UsageFailed(
                f"DEBUG is off: to load a simulated history into {name}, which stays, add --confirm {name}."
            )
        if reset and confirm not in (None, name):
            raise UsageFailed(f"--confirm names {confirm}, but the database is {name}: nothing was deleted.")
        if scale is not None and not 0 < scale <= 1000:
            raise UsageFailed("--scale is a number above 0 and at most 1000: 1 is about 100,000 orders.")

    @staticmethod
    def _password_source(variable: str | None) -> Callable[[str], str]:
        if variable is None:
            return random_password
        password = settings.READ_SECRET(variable)
        try:
            validate_password(password)
        except ValidationError as error:
            raise UsageFailed(f"The password in {variable} is too weak: {' '.join(error.messages)}") from None
        return lambda username: password

    def _empty(self, *, interactive: bool) -> None:
        self.confirm(
            f"This deletes all data of the database {connection.settings_dict['NAME']}.", interactive=interactive
        )
        self.notes.print(f"Emptied {empty_database()} tables.")

    def render(self, result: Mapping[str, Any]) -> None:
        if result["created"]:
            self._print_table(
                ["table", Column("rows added", justify="right")],
                [[name, f"{rows:,}"] for name, rows in result["created"].items()],
            )
        else:
            self.notes.print("Everything is there already.")
        credentials = result["credentials"]
        if credentials:
            self._print_table(
                ["user", "e-mail", "password", "roles"],
                [
                    [row["username"], row["email"], row["password"] or "as given", ", ".join(row["roles"])]
                    for row in credentials
                ],
            )
            if credentials[0]["password"]:
                self.notes.print("The passwords are shown this once; manage.py changepassword sets another.")

    def _print_table(self, columns: list[str | Column], rows: list[list[str]]) -> None:
        table = Table(*columns, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        self.console.print(table, soft_wrap=True, highlight=False, markup=False)
