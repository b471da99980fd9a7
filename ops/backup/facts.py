"""What a manifest tells about the server, the database and the code, beside the rows."""

from __future__ import annotations

from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]


def of_server(session: Connection) -> dict[str, Any]:
    """Version, identity and place in the log of changes."""
    version, number, identifier, timeline, replica, transaction = _row(
        session,
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int,"
        " (SELECT system_identifier::text FROM pg_control_system()),"
        " (SELECT timeline_id FROM pg_control_checkpoint()), pg_is_in_recovery(),"
        " pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
    )
    (lsn,) = _row(session, f"SELECT {'pg_last_wal_replay_lsn' if replica else 'pg_current_wal_lsn'}()::text")
    return {
        "version": version,
        "version_num": number,
        "system_identifier": identifier,
        "timeline": timeline,
        "wal_lsn": lsn,
        "next_transaction": transaction,
    }


def of_database(session: Connection, name: str) -> dict[str, Any]:
    """How the database `name` was made, who may connect to it and which settings it gives to whom; no passwords.

    As seen from any database of the server; extensions are those of the one that `session` is in.
    """
    number = session.info.server_version
    # The columns for locales were renamed twice.
    locale = "datlocale" if number >= 170_000 else "daticulocale"
    row = _row(
        session,
        "SELECT pg_encoding_to_char(encoding), datlocprovider::text, datcollate, datctype, "
        f"{locale}, datconnlimit, pg_get_userbyid(datdba), datacl::text[], oid::bigint,"
        " shobj_description(oid, 'pg_database')"
        " FROM pg_database WHERE datname = %s",
        name,
    )
    encoding, provider, collate, ctype, locale_name, limit, owner, grants, oid, comment = row
    changed = session.execute(
        "SELECT pg_get_userbyid(nullif(setrole, 0)), setconfig FROM pg_db_role_setting WHERE setdatabase = %s"
        " ORDER BY setrole",
        [oid],
    ).fetchall()
    return {
        "name": name,
        "encoding": encoding,
        "locale_provider": {"c": "libc", "i": "icu", "b": "builtin"}[provider],
        "collate": collate,
        "ctype": ctype,
        "locale": locale_name,
        "connection_limit": limit,
        "owner": owner,
        "comment": comment,
        "grants": grants,
        "settings": [{"role": role, "values": values} for role, values in changed],
    }


def bytes_of_database(session: Connection) -> int:
    """What the database of this session takes on the disk, indexes included."""
    return int(_row(session, "SELECT pg_database_size(current_database())")[0])


def extensions(session: Connection) -> dict[str, str]:
    return dict(session.execute("SELECT extname, extversion FROM pg_extension ORDER BY 1").fetchall())


def roles(session: Connection) -> list[dict[str, Any]]:
    """All roles but PostgreSQL's own: attributes, memberships, settings; never a password."""
    rows = session.execute(
        "SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolinherit,"
        " rolconnlimit,"
        " ARRAY(SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE member = r.oid ORDER BY 1),"
        " coalesce((SELECT setconfig FROM pg_db_role_setting WHERE setrole = r.oid AND setdatabase = 0), '{}')"
        " FROM pg_roles r WHERE rolname !~ '^pg_' ORDER BY 1"
    ).fetchall()
    keys = (
        "name", "login", "superuser", "createdb", "createrole", "replication", "bypassrls", "inherit",
        "connection_limit", "member_of", "settings",
    )  # fmt: skip
    return [dict(zip(keys, row, strict=True)) for row in rows]


def migrations(session: Connection) -> list[str]:
    """The migrations that the database has, as `app.name`."""
    (there,) = _row(session, "SELECT to_regclass('django_migrations')::text")
    if there is None:
        return []
    return [
        f"{app}.{name}"
        for app, name in session.execute("SELECT app, name FROM django_migrations ORDER BY 1, 2").fetchall()
    ]


def _row(session: Connection, query: str, *arguments: object) -> tuple[Any, ...]:
    return session.execute(query, arguments or None).fetchone() or ()
