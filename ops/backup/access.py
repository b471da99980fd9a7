"""Settings and grants of a database: what pg_dump leaves to whoever makes the database."""

from __future__ import annotations

import re
from collections.abc import Iterator

from psycopg import errors, sql

from config.commands import EnvironmentFailed, Failed
from config.database import roles
from ops.backup.contents import Connection
from ops.backup.manifest import Manifest

#: Settings whose value is a list of names (GUC_LIST_QUOTE); they are stored as they are written in SET.
_LISTS = frozenset(
    {
        "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
        "temp_tablespaces", "unix_socket_directories",
    }
)  # fmt: skip
_LIST_ITEM = re.compile(r'"((?:[^"]|"")*)"|([^,\s]+)')


def creation_options(database: Manifest, server_version: int) -> str:
    """What CREATE DATABASE must be told, so that texts sort and compare as they did."""
    parts = [("ENCODING", database["encoding"])]
    if server_version >= 150_000:
        parts.append(("LOCALE_PROVIDER", database["locale_provider"]))
    parts += [("LC_COLLATE", database["collate"]), ("LC_CTYPE", database["ctype"])]
    if database["locale"]:
        parts.append(("ICU_LOCALE" if database["locale_provider"] == "icu" else "BUILTIN_LOCALE", database["locale"]))
    return " ".join(f"{word} {sql.Literal(value).as_string()}" for word, value in parts)


def require_roles(session: Connection) -> None:
    """Raise EnvironmentFailed where a group role is missing, as on another server that nobody has prepared."""
    names = [group.name for group in roles.GROUPS]
    missing = session.execute(
        "SELECT wanted FROM unnest(%s::text[]) AS wanted WHERE wanted NOT IN (SELECT rolname FROM pg_roles)", [names]
    ).fetchall()
    if missing:
        raise EnvironmentFailed(
            f"This server has no role {missing[0][0]}: run scripts/setup-dev-db, which makes the roles, then restore."
        )


def copy(session: Connection, name: str, database: Manifest) -> None:
    """Give the database `name` the settings, grants and connection limit of another. Raises Failed."""
    try:
        with session.transaction():
            for statement in _statements(session, name, database):
                session.execute(statement)
    except errors.UndefinedObject as error:
        raise EnvironmentFailed(
            f"The settings and grants of {database['name']} are for what this server lacks"
            f" ({error.diag.message_primary}): make it there, then run this again; nothing was changed."
        ) from None
    except errors.Error as error:
        raise Failed(
            f"The settings and grants of {database['name']} could not be given to {name}"
            f" ({error.diag.message_primary}): set ADMIN_DATABASE_URL to a superuser's login."
        ) from None


def _statements(session: Connection, name: str, database: Manifest) -> Iterator[sql.Composed]:
    target = sql.Identifier(name)
    if database["connection_limit"] != -1:
        limit = sql.Literal(database["connection_limit"])
        yield sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(target, limit)
    if comment := database.get("comment"):  # which backups have not known from the first
        yield sql.SQL("COMMENT ON DATABASE {} IS {}").format(target, sql.Literal(comment))
    for each in database["settings"]:
        head = sql.SQL("ALTER DATABASE {}").format(target)
        if each["role"]:
            head = sql.SQL("ALTER ROLE {} IN DATABASE {}").format(sql.Identifier(each["role"]), target)
        for entry in each["values"]:
            setting, _, value = entry.partition("=")
            values = sql.SQL(", ").join(map(sql.Literal, _items(value) if setting in _LISTS else [value]))
            # Extensions' settings have two parts.
            yield head + sql.SQL(" SET {} = {}").format(sql.Identifier(*setting.split(".")), values)
    if database["grants"] is not None:
        yield sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(target)
        # Who made the new one has all rights; he may have given some away in the old one.
        yield sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(target, sql.Identifier(database["owner"]))
        grants = session.execute(
            "SELECT pg_get_userbyid(nullif(grantee, 0)), privilege_type, is_grantable FROM aclexplode(%s::aclitem[])",
            [database["grants"]],
        ).fetchall()
        for role, privilege, grantable in grants:
            grantee = sql.SQL("PUBLIC") if role is None else sql.Identifier(role)
            tail = sql.SQL(" WITH GRANT OPTION") if grantable else sql.SQL("")
            yield sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(privilege), target, grantee) + tail


def _items(value: str) -> list[str]:
    """The names of a list as SET writes it: `"$user", public`; an empty list is one empty name there, `""`."""
    return [match[2] if match[1] is None else match[1].replace('""', '"') for match in _LIST_ITEM.finditer(value)]


def differing(expected: Manifest, found: Manifest) -> list[str]:
    """One sentence for each fact of the database itself that is another."""
    keys = ("encoding", "locale_provider", "collate", "ctype", "locale", "connection_limit", "settings", "grants")
    return [f"{key} is {found[key]}, and was {expected[key]}" for key in keys if found[key] != expected[key]]
