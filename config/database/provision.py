"""Prepare a PostgreSQL server: roles, logins, databases and extensions.

Run by a superuser, or by a role that may create roles and databases, before the first migration. Everything
is compared with what is there and changed only where it differs, so it may be repeated at any time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config.database import roles

OLDEST_SERVER = 15
EXTENSIONS = ("btree_gist", "pg_trgm")

# Any constant will do, as long as no other program takes the same one on the maintenance database.
_LOCK = 7_301_155_020_841
_LOCK_WAIT = "60s"
_CONNECT_TIMEOUT = "10"

Connection = psycopg.Connection[tuple[Any, ...]]


class ProvisionError(Exception):
    """The server could not be prepared; the message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Report:
    """What was changed, one plain phrase each, in order; empty when everything was already right."""

    changes: tuple[str, ...]
    server_version: str

    @property
    def changed(self) -> bool:
        return bool(self.changes)


def fingerprint(databases: Sequence[str], logins: Sequence[str]) -> str:
    """Name the state that `provision` brings about: a caller can tell whether it has changed since."""
    wanted = (roles.GROUPS, roles.LOGINS, EXTENSIONS, tuple(databases), tuple(sorted(logins)))
    return hashlib.sha256(repr(wanted).encode()).hexdigest()


def provision(
    admin_conninfo: str,
    *,
    databases: Sequence[str] = ("trading",),
    logins: Mapping[str, str | None],
) -> Report:
    """Make group roles, `logins` (name to password, or None for none) and `databases`; return what was
    changed.

    Two at once on one maintenance database wait for each other. Roles are changed in one transaction; a
    database whose extensions cannot be made is dropped again if it is new. Raises ProvisionError.
    """
    unknown = sorted(set(logins) - set(roles.LOGINS))
    if unknown:
        raise ProvisionError(f"There is no login role {unknown[0]}: those declared are {', '.join(roles.LOGINS)}.")
    admin = _maintenance_conninfo(admin_conninfo)
    changes: list[str] = []
    with closing(_connect(admin)) as connection, _explained(connection):
        _require_version(connection)
        _require_rights(connection)
        _require_extensions(connection)
        with _exclusively(connection):
            with connection.transaction():
                for group in roles.GROUPS:
                    changes += _ensure_role(connection, group.name, login=False, createdb=group.createdb)
                    changes += _ensure_granted(connection, group)
                    if group.sees_sessions:
                        changes += _ensure_sees_sessions(connection, group.name)
                changes += _ensure_may_act_as_owner(connection)
                for name, password in logins.items():
                    changes += _ensure_login(connection, roles.LOGINS[name], password)
            for database in databases:
                changes += _ensure_database(connection, admin, database)
        return Report(changes=tuple(changes), server_version=_version(connection))


# --- connecting ---------------------------------------------------------------------------------------------


def _maintenance_conninfo(conninfo: str) -> str:
    try:
        given = conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError:
        # libpq quotes the text it could not read, and that text may hold a password.
        raise ProvisionError(
            "The connection string is not one that PostgreSQL understands: write it as postgresql://user@host/database."
        ) from None
    given.setdefault("dbname", "postgres")
    given.setdefault("connect_timeout", _CONNECT_TIMEOUT)
    return make_conninfo("", **given)


def _connect(conninfo: str) -> Connection:
    try:
        connection = psycopg.connect(conninfo, autocommit=True)
    except psycopg.OperationalError as error:
        raise ProvisionError(_why_unreachable(conninfo, error)) from None
    # Names are looked up in the system catalog only: nothing that a user has put in a database can stand in
    # between.
    connection.execute("SET search_path = pg_catalog")
    return connection


def _why_unreachable(conninfo: str, error: psycopg.OperationalError) -> str:
    given = conninfo_to_dict(conninfo)
    where = f"{given.get('host', 'the local socket')}, port {given.get('port', 5432)}"
    reason = (str(error).strip().splitlines() or ["no reason given"])[-1]
    reason = reason.rsplit("FATAL:", 1)[-1].rsplit("failed: ", 1)[-1].strip()
    if "password" in reason and ("authentication failed" in reason or "no password" in reason):
        user = given.get("user", "the user")
        return f"PostgreSQL at {where} refused the password of {user}: correct it and try again."
    if "does not exist" in reason or "authentication failed" in reason or "pg_hba" in reason:
        return f"PostgreSQL at {where} refused the connection ({reason}): correct the user or the database."
    return f"PostgreSQL at {where} does not answer ({reason}): start it, or correct host and port."


@contextmanager
def _explained(connection: Connection) -> Iterator[None]:
    """Turn what the server refuses into one sentence; neither statements nor answers hold a plain secret."""
    try:
        yield
    except errors.LockNotAvailable:
        raise ProvisionError(
            f"Another run has been preparing this server for {_LOCK_WAIT}: wait until it ends and try again."
        ) from None
    except errors.InsufficientPrivilege as error:
        raise ProvisionError(
            f"Role {connection.info.user} lacks a right ({_message(error)}): connect as a superuser."
        ) from None
    except psycopg.Error as error:
        raise ProvisionError(
            f"PostgreSQL refused to be prepared ({_message(error)}): correct this and run again."
        ) from None


def _message(error: psycopg.Error) -> str:
    return error.diag.message_primary or (str(error).strip().splitlines() or [type(error).__name__])[0]


# --- what must hold before anything is changed --------------------------------------------------------------


def _version(connection: Connection) -> str:
    number = connection.info.server_version
    return f"{number // 10_000}.{number % 10_000}"


def _require_version(connection: Connection) -> None:
    major = connection.info.server_version // 10_000
    if major < OLDEST_SERVER:
        raise ProvisionError(f"PostgreSQL {major} is too old: {OLDEST_SERVER} or newer is needed.")


def _require_rights(connection: Connection) -> None:
    user, enough = _row(
        connection,
        "SELECT rolname, rolsuper OR (rolcreaterole AND rolcreatedb) FROM pg_roles WHERE rolname = current_user",
    )
    if not enough:
        raise ProvisionError(
            f"Role {user} may not create roles and databases: connect as a superuser, "
            f"or let one run ALTER ROLE {user} CREATEROLE CREATEDB."
        )


def _require_extensions(connection: Connection) -> None:
    missing = [
        name
        for (name,) in connection.execute(
            "SELECT wanted FROM unnest(%s::text[]) AS wanted"
            " WHERE wanted NOT IN (SELECT name FROM pg_available_extensions) ORDER BY wanted",
            [list(EXTENSIONS)],
        )
    ]
    if missing:
        raise ProvisionError(
            f"The server does not have the extension {missing[0]}: "
            f"install PostgreSQL's contrib modules on it (Debian: postgresql-contrib)."
        )


@contextmanager
def _exclusively(connection: Connection) -> Iterator[None]:
    connection.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(_LOCK_WAIT)))
    connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    connection.execute("RESET lock_timeout")
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


# --- roles --------------------------------------------------------------------------------------------------


def _ensure_role(connection: Connection, name: str, *, login: bool, createdb: bool) -> Iterator[str]:
    wanted = {
        "LOGIN": login, "CREATEDB": createdb, "SUPERUSER": False, "CREATEROLE": False, "REPLICATION": False,
        "BYPASSRLS": False, "INHERIT": True,
    }  # fmt: skip
    found = connection.execute(
        "SELECT rolcanlogin, rolcreatedb, rolsuper, rolcreaterole, rolreplication, rolbypassrls, rolinherit"
        " FROM pg_roles WHERE rolname = %s",
        [name],
    ).fetchone()
    if found is None:
        # The attributes not named here are off by default, and to name them would take a superuser.
        differing = {key: wanted[key] for key in ("LOGIN", "CREATEDB")}
        verb = "CREATE"
    else:
        differing = {key: wanted[key] for key, has in zip(wanted, found, strict=True) if wanted[key] is not has}
        verb = "ALTER"
    if found is not None and not differing:
        return
    options = sql.SQL(" ").join(sql.SQL(key if on else f"NO{key}") for key, on in differing.items())
    connection.execute(sql.SQL("{} ROLE {} {}").format(sql.SQL(verb), sql.Identifier(name), options))
    yield f"role {name} created" if found is None else f"role {name} set {options.as_string()}"


def _ensure_granted(connection: Connection, group: roles.GroupRole) -> Iterator[str]:
    """Make the role that hands objects to this one its member."""
    if not group.granted_to or _is_member(connection, group.name, group.granted_to):
        return
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group.name), sql.Identifier(group.granted_to)))
    yield f"role {group.granted_to} made a member of {group.name}"


def _is_member(connection: Connection, group: str, member: str) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pg_auth_members WHERE roleid = to_regrole(%s) AND member = to_regrole(%s)", [group, member]
    )
    return found.fetchone() is not None


def _ensure_sees_sessions(connection: Connection, name: str) -> Iterator[str]:
    """Let a role see what other roles' sessions do, where the administrator may give that away."""
    (sees, may_give) = _row(
        connection,
        "SELECT pg_has_role(%s, %s, 'MEMBER'), rolsuper OR pg_has_role(%s, 'MEMBER WITH ADMIN OPTION')"
        " FROM pg_roles WHERE rolname = current_user",
        [name, roles.SEES_SESSIONS, roles.SEES_SESSIONS],
    )
    if sees or not may_give:
        return
    grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(roles.SEES_SESSIONS), sql.Identifier(name))
    connection.execute(grant)
    yield f"role {name} made a member of {roles.SEES_SESSIONS}"


def _ensure_may_act_as_owner(connection: Connection) -> Iterator[str]:
    """Let an administrator who is no superuser hand databases to the owner role and work in them."""
    right = "SET" if connection.info.server_version >= 160_000 else "MEMBER"
    user, may = _row(connection, "SELECT current_user, pg_has_role(%s, %s)", [roles.OWNER.name, right])
    if may:
        return
    grant = sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(roles.OWNER.name))
    if right == "SET":
        grant += sql.SQL(" WITH SET TRUE, INHERIT TRUE")
    connection.execute(grant)
    yield f"role {user} made a member of {roles.OWNER.name}"


def _ensure_login(connection: Connection, login: roles.LoginRole, password: str | None) -> Iterator[str]:
    yield from _ensure_role(connection, login.name, login=True, createdb=False)
    if not _is_member(connection, login.group.name, login.name):
        connection.execute(
            sql.SQL("GRANT {} TO {}").format(sql.Identifier(login.group.name), sql.Identifier(login.name))
        )
        yield f"role {login.name} made a member of {login.group.name}"
    yield from _ensure_settings(connection, login)
    if password is not None and not _has_password(connection, login.name, password):
        _set_password(connection, login.name, password)
        yield f"password of {login.name} set"


def _ensure_settings(connection: Connection, login: roles.LoginRole) -> Iterator[str]:
    row = connection.execute(
        "SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = to_regrole(%s)",
        [login.name],
    ).fetchone()
    found = dict(entry.split("=", 1) for entry in (row[0] if row else ()))
    differing = [(name, value) for name, value in login.settings() if found.get(name) != value]
    for statement in roles.alter_role_set(login.name, differing):
        connection.execute(statement)
    if differing:
        yield f"role {login.name} given " + ", ".join(f"{name} = {value}" for name, value in differing)


# --- passwords ----------------------------------------------------------------------------------------------


def _set_password(connection: Connection, name: str, password: str) -> None:
    # Hashed here: the server, and so its log, sees only the SCRAM verifier.
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(verifier.decode()))
    )


def _has_password(connection: Connection, name: str, password: str) -> bool:
    """Tell whether `name` has this password already, as far as the administrator may know.

    Every verifier has its own salt, so the stored one cannot be compared with a new one: RFC 5803 is computed
    with the salt that is stored.
    """
    (readable,) = _row(connection, "SELECT has_table_privilege('pg_authid', 'SELECT')")
    if not readable:
        return _logs_in(connection, name, password)
    (stored,) = _row(connection, "SELECT rolpassword FROM pg_authid WHERE rolname = %s", [name])
    if not (stored or "").startswith("SCRAM-SHA-256$"):
        return False
    _, cost, keys = stored.split("$")
    iterations, salt = cost.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = base64.b64decode(keys.split(":")[0])
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), stored_key)


def _logs_in(connection: Connection, name: str, password: str) -> bool:
    try:
        login = psycopg.connect(make_conninfo(connection.info.dsn, user=name, password=password))
    except psycopg.OperationalError:
        return False
    with closing(login):
        # A server that trusts the caller lets any password in, and proves nothing.
        return bool(login.pgconn.used_password)


# --- databases ----------------------------------------------------------------------------------------------


def _ensure_database(connection: Connection, admin: str, name: str) -> Iterator[str]:
    created = False
    found = connection.execute(
        "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding) FROM pg_database WHERE datname = %s",
        [name],
    ).fetchone()
    if found is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                sql.Identifier(name), sql.Identifier(roles.OWNER.name)
            )
        )
        created = True
        yield f"database {name} created"
    elif found[0] != roles.OWNER.name:
        raise ProvisionError(
            f"Database {name} belongs to {found[0]}: choose another name, "
            f"or run ALTER DATABASE {name} OWNER TO {roles.OWNER.name}."
        )
    elif found[1] != "UTF8":
        raise ProvisionError(f"Database {name} is encoded in {found[1]}, not UTF8: choose another name.")
    try:
        with closing(_connect(make_conninfo(admin, dbname=name))) as inside:
            yield from _ensure_schema(inside, name)
            yield from _ensure_database_extensions(inside, name)
    except BaseException as error:
        if created:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        if isinstance(error, errors.InsufficientPrivilege):
            raise ProvisionError(
                f"Role {connection.info.user} may not make the extensions of database {name} "
                f"({_message(error)}): connect as a superuser."
            ) from None
        raise


def _ensure_schema(inside: Connection, database: str) -> Iterator[str]:
    (open_to_all,) = _row(
        inside,
        "SELECT exists (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a"
        " WHERE n.nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE')",
    )
    if open_to_all:
        inside.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield f"schema public of {database} closed to everybody's tables"
    (owner_may,) = _row(
        inside,
        "SELECT bool_and(has_schema_privilege(%s, 'public', wanted)) FROM unnest('{USAGE,CREATE}'::text[]) AS wanted",
        [roles.OWNER.name],
    )
    if not owner_may:
        inside.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(roles.OWNER.name)))
        yield f"schema public of {database} opened to {roles.OWNER.name}"


def _ensure_database_extensions(inside: Connection, database: str) -> Iterator[str]:
    present = {name for (name,) in inside.execute("SELECT extname FROM pg_extension")}
    missing = [name for name in EXTENSIONS if name not in present]
    if not missing:
        return
    # Made by the owner, as in the databases that the owner makes for itself: what it restores, it may also
    # own.
    with inside.transaction():
        inside.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(roles.OWNER.name)))
        for name in missing:
            inside.execute(sql.SQL("CREATE EXTENSION {} SCHEMA public").format(sql.Identifier(name)))
    yield f"extensions {', '.join(missing)} of {database} created"


def _row(connection: Connection, query: LiteralString, arguments: Sequence[object] = ()) -> tuple[Any, ...]:
    """The row of a query that always has exactly one."""
    return connection.execute(query, arguments).fetchone() or ()
