"""Databases beside the project's own: made for the length of a block and always dropped, or taken apart by hand."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from config.commands import EnvironmentFailed, Failed
from config.database.locks import lock_key, try_lock, unlock

POLL_SECONDS = 0.02
#: What PostgreSQL keeps of a name; the rest would be cut off without a word.
LONGEST_NAME = 63
#: So many bytes of a prefix leave room for a process number and six digits.
LONGEST_PREFIX = 48

#: Of `pg_database.datconnlimit`, from PostgreSQL 15.4 on.
_INVALID = -2

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Server:
    """The server of the connection `default`, seen by who may make databases there.

    `owner` and `administrator` are libpq parameters without a database; no administrator where nobody is named.
    """

    owner: Mapping[str, str]
    administrator: Mapping[str, str] | None

    @classmethod
    def of_settings(cls) -> Server:
        """As OWNER_DATABASE and ADMIN_DATABASE say; starts the embedded server."""
        with suppress(OperationalError):  # the database may be the one that is to be made again
            connections[DEFAULT_DB_ALIAS].ensure_connection()
        administrator = settings.ADMIN_DATABASE
        return cls(
            libpq_parameters(settings.OWNER_DATABASE), libpq_parameters(administrator) if administrator else None
        )

    def conninfo(self, database: str, *, as_administrator: bool = False) -> str:
        """The address of `database`. Raises EnvironmentFailed where no administrator is named."""
        login = self.administrator if as_administrator else self.owner
        if login is None:
            raise EnvironmentFailed(
                "This takes an administrator's connection: set ADMIN_DATABASE_URL to the login of a superuser."
            )
        return make_conninfo("", **{**login, "dbname": database})

    def connect(self, database: str | None = None, *, as_administrator: bool = False) -> Connection:
        """A session in autocommit mode, as the owner unless told otherwise; without a name where databases are made."""
        where = settings.MAINTENANCE_DATABASE if database is None else database
        return psycopg.connect(self.conninfo(where, as_administrator=as_administrator), autocommit=True)

    def master(self) -> Connection:
        """A session that may end others: the administrator's, or the owner's where no administrator is named."""
        return self.connect(as_administrator=self.administrator is not None)

    @contextmanager
    def scratch(self, prefix: str, *, options: str = "", template: str = "template0") -> Iterator[str]:
        """A new database of the owner, dropped at the end however the block ends; gives its name.

        `options` is what else CREATE DATABASE is told, as SQL. What runs that were killed have left is dropped first.
        """
        with closing(self.connect()) as keeper:
            self.drop_abandoned(prefix)
            name = scratch_name(prefix)
            # Held by the session: whoever finds the database knows whether somebody still uses it.
            keeper.execute("SELECT pg_advisory_lock(%s)", [lock_key(name)])
            try:
                create(keeper, name, options=options, template=template)
                yield name
            except BaseException:
                # Where the server is gone, that is what is to be told; the next run drops what is left.
                with suppress(psycopg.OperationalError), closing(self.master()) as session:
                    drop(session, name)
                raise
            with closing(self.master()) as session:
                drop(session, name)

    def drop_abandoned(self, prefix: str) -> list[str]:
        """Drop the scratch databases of this prefix whose makers were killed; return their names."""
        dropped = []
        with closing(self.master()) as session:
            for name in _names_like(session, prefix):
                if try_lock(session, name):
                    with suppress(Failed):  # a session that may not be ended: the next run tries again
                        drop(session, name)
                        dropped.append(name)
                    unlock(session, name)
        return dropped


def scratch_name(prefix: str) -> str:
    """A name that nobody else has; the prefix is cut where PostgreSQL would cut the name."""
    return f"{_cut(prefix)}_{os.getpid()}_{secrets.token_hex(3)}"


def _cut(prefix: str) -> str:
    # In bytes, as PostgreSQL counts: of a longer name it would cut the digits off, which make it nobody else's.
    return prefix.encode()[:LONGEST_PREFIX].decode(errors="ignore")


def libpq_parameters(database: Mapping[str, Any]) -> dict[str, str]:
    """Django's settings of a database as libpq's parameters, without the database's name."""
    options = database.get("OPTIONS", {})
    of_libpq = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "options", "application_name")
    found = {key: options.get(key) for key in of_libpq}
    # An address may name these behind its question mark, as it must for a socket's folder.
    found |= {key: database.get(key.upper()) or options.get(key) for key in ("host", "port", "user", "password")}
    return {key: str(value) for key, value in found.items() if value}


def exists(session: Connection, name: str) -> bool:
    """Whether the server has a database of that name."""
    return session.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def create(session: Connection, name: str, *, options: str = "", template: str = "template0") -> None:
    """Make a database that belongs to the schema's owner."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} ").format(sql.Identifier(name), sql.Identifier(template))
    session.execute(statement + sql.SQL(options))


def locale_of(session: Connection, name: str) -> str:
    """What CREATE DATABASE is told so that text is sorted and compared as in the database `name`."""
    column = "datlocale" if session.info.server_version >= 170_000 else "daticulocale"
    encoding, collation, ctype, provider, locale = _row(
        session,
        f"SELECT pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider::text, {column}"
        " FROM pg_database WHERE datname = %s",
        name,
    )
    words = {"ENCODING": encoding, "LC_COLLATE": collation, "LC_CTYPE": ctype}
    if provider == "i":
        words |= {"LOCALE_PROVIDER": "icu", "ICU_LOCALE": locale}
    elif provider == "b":
        words |= {"LOCALE_PROVIDER": "builtin", "BUILTIN_LOCALE": locale}
    else:
        words |= {"LOCALE_PROVIDER": "libc"}
    return " ".join(f"{word} {sql.Literal(value).as_string(session)}" for word, value in words.items())


def allow_connections(session: Connection, name: str, *, allowed: bool) -> None:
    """Open a database to new sessions, or close it to everybody, superusers included; sessions that are there stay."""
    word = sql.SQL("true" if allowed else "false")
    session.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(name), word))


def end_sessions(session: Connection, name: str, *, seconds: float = 10) -> None:
    """End the sessions of a database that is closed to new ones, and return when the last has gone.

    Ends those that this role may end and waits for the rest. Raises Failed when one is left after `seconds`.
    """
    deadline = time.monotonic() + seconds
    pause = POLL_SECONDS / 10
    while True:
        session.execute(
            # Without a time-out of its own: that would cost 100 ms for each session.
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_roles ON pg_roles.oid = usesysid"
            " WHERE datname = %s AND (pg_has_role(usesysid, 'USAGE')"
            " OR (NOT rolsuper AND pg_has_role('pg_signal_backend', 'USAGE')))",
            [name],
        )
        left = session.execute(
            "SELECT pid, usename FROM pg_stat_activity WHERE datname = %s AND usesysid IS NOT NULL", [name]
        ).fetchall()
        if not left:
            return
        if time.monotonic() > deadline:
            pid, user = left[0]
            raise Failed(
                f"{len(left)} sessions of {name} have not ended (process {pid} of {user}): end them, set"
                " ADMIN_DATABASE_URL, or let an administrator run GRANT pg_signal_backend TO trading_owner."
            )
        time.sleep(pause)
        pause = min(pause * 2, POLL_SECONDS)


def drop(session: Connection, name: str, *, seconds: float = 10) -> None:
    """Drop a database, whoever keeps connecting to it: it is closed first. Nothing where there is none.

    Raises Failed when its sessions do not end within `seconds`; then it stays, closed.
    """
    row = session.execute("SELECT datconnlimit FROM pg_database WHERE datname = %s", [name]).fetchone()
    if row is None:
        return
    # A DROP that was cut short leaves what nobody can enter, and nothing but another DROP is allowed.
    if row[0] != _INVALID:
        session.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(name)))
        allow_connections(session, name, allowed=False)
    deadline = time.monotonic() + seconds
    while True:
        end_sessions(session, name, seconds=max(0.0, deadline - time.monotonic()))
        try:
            session.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            return
        except errors.ObjectInUse as error:
            # A session that was about to begin when the door was closed.
            if time.monotonic() > deadline:
                raise Failed(f"{name} could not be dropped: {error.diag.message_detail or error}") from None


def _names_like(session: Connection, prefix: str) -> list[str]:
    # What scratch_name() makes, and nothing that merely begins like it.
    pattern = rf"^{re.escape(_cut(prefix))}_[0-9]+_[0-9a-f]{{6}}$"
    rows = session.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [pattern]).fetchall()
    return [str(name) for (name,) in rows]


def _row(session: Connection, query: str, *arguments: object) -> tuple[Any, ...]:
    return session.execute(query, arguments).fetchone() or ()
