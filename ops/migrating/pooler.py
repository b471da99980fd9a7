"""A pooler that lends its connections for one transaction at a time breaks what a migration's session relies on."""

from typing import Any

import psycopg
from django.db import connections

from config.commands import EnvironmentFailed
from config.database.locks import connection_parameters

_ROUNDS = 5


def refuse_transaction_pooler(alias: str) -> None:
    """Raise `EnvironmentFailed` where PostgreSQL is reached through a pooler in transaction mode.

    Locks of the session and its time-outs would be left with whoever gets the connection next. A pooler shows
    itself by a process number, in its greeting, that is not the server's; one in transaction mode by two
    sessions that meet in one server process, or by one session that moves to another.
    """
    connection = connections[alias]
    connection.ensure_connection()
    session = connection.connection
    if _server_process(session) == session.info.backend_pid:
        return
    with psycopg.connect(**connection_parameters(alias), autocommit=True) as other:
        for _ in range(_ROUNDS):
            first, second, third = _server_process(session), _server_process(other), _server_process(session)
            if first == second or first != third:
                raise EnvironmentFailed(
                    "The database is reached through a pooler that shares its connections between transactions:"
                    " migrations need one of their own. Set MIGRATE_DATABASE_URL to the server itself."
                )


def _server_process(session: psycopg.Connection[Any]) -> int:
    (number,) = session.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    return int(number)
