from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate

from config.database.locks import exclusive
from config.database.owner import connected_as_owner


class Command(migrate.Command):
    """Django's migrate: as the schema's owner, and one deployer at a time.

    A second one waits for the first (up to --lock-wait), then finds what is left to do, usually nothing.
    """

    help = "Updates the database schema, as its owner, one deployer at a time."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-wait", type=float, default=60, help="seconds to wait for another deployer to end (default 60)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with (
            connected_as_owner(options["database"]),
            exclusive(
                "migrate", what="Another migration", alias=options["database"], wait_seconds=options["lock_wait"]
            ),
        ):
            super().handle(*args, **options)
