"""What a server process does once before its first request."""

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import Error as DatabaseError
from django.db import connections

from config.commands import Failed
from config.commands.entry import explain


def prepare_server() -> None:
    """Migrate if `AUTO_MIGRATE` asks for it, then turn the connection pool on.

    Several workers start at once: `migrate` takes a lock, so one of them migrates and the others find nothing to do.
    """
    if settings.AUTO_MIGRATE:
        try:
            call_command("migrate", interactive=False, verbosity=0, allow_ahead_if_idle=True)
        except Failed as failure:
            # A server that cannot migrate does not start; its log says why in one sentence.
            raise SystemExit(str(failure)) from failure
        except (DatabaseError, psycopg.Error) as error:
            raise SystemExit(explain(error)) from error
    for connection in connections.all(initialized_only=False):
        connection.close()
        # A pool keeps connections itself: Django refuses persistent ones beside it.
        connection.settings_dict["CONN_MAX_AGE"] = 0
        connection.settings_dict["OPTIONS"]["pool"] = dict(settings.DATABASE_POOL)
