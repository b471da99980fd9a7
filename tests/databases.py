"""Databases for tests: migrated once into a template, then cloned in a fraction of a second.

A clone takes the place of Django's flush between tests that commit: append-only tables refuse TRUNCATE.
"""

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from psycopg.rows import dict_row

PROJECT = Path(__file__).resolve().parent.parent
#: Only clients that hold this advisory lock make or clone databases: a template must have no other session.
CLONING = 7_041_776
#: Critical tables want to know who changes them, also from plain SQL.
ACTOR = """-c audit.context={"service":"tests"}"""


def login(name: str, *, owner: bool = False) -> dict[str, Any]:
    """libpq parameters of the application's login, or the owner's, to the database `name`."""
    database = settings.OWNER_DATABASE if owner else settings.DATABASES["default"]
    options = database["OPTIONS"]
    parameters = {
        "host": database.get("HOST") or options.get("host"),
        "port": database.get("PORT") or options.get("port"),
        "user": database.get("USER") or options.get("user"),
        "password": database.get("PASSWORD") or options.get("password"),
        "dbname": name,
        "sslmode": options.get("sslmode"),
        "options": f"{options.get('options', '')} -c role={'trading_owner' if owner else 'trading_app'} {ACTOR}",
    }
    return {key: str(value) for key, value in parameters.items() if value}


def url(name: str, *, owner: bool = False) -> str:
    """The same as an address, for another process."""
    parameters = login(name, owner=owner)
    query = {key: parameters[key] for key in ("host", "port", "password", "sslmode") if key in parameters}
    return f"postgresql://{quote(parameters.get('user', ''))}@/{quote(name)}?{urlencode(query)}"


class Database:
    """One database of the test server, with both roles' connections and `manage.py` on it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def connect(self, *, owner: bool = False, **options: Any) -> psycopg.Connection[dict[str, Any]]:
        """A connection of its own, in autocommit mode unless told otherwise."""
        options.setdefault("autocommit", True)
        return psycopg.connect(**login(self.name, owner=owner), row_factory=dict_row, **options)

    def rows(self, statement: str, parameters: Sequence[Any] = (), *, owner: bool = True) -> list[dict[str, Any]]:
        with self.connect(owner=owner) as connection:
            cursor = connection.execute(statement, list(parameters) or None)
            return cursor.fetchall() if cursor.description else []

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of another process that uses this database."""
        return {
            **os.environ,
            "DATABASE_URL": url(self.name),
            "MIGRATE_DATABASE_URL": url(self.name, owner=True),
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            **extra,
        }

    def manage(
        self, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 300, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` in a process of its own."""
        return subprocess.run(
            [sys.executable, str(PROJECT / "manage.py"), *arguments],
            env=self.environment(**(env or {})),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
            **options,
        )


def template_name() -> str:
    """Changes with every file that the schema is made of."""
    digest = hashlib.sha256()
    patterns = ("*/migrations/**/*", "config/database/**/*", "audit/capture/*")
    sources = [path for pattern in patterns for path in PROJECT.glob(pattern)]
    for path in sorted(path for path in sources if path.suffix in {".py", ".sql"}):
        digest.update(str(path.relative_to(PROJECT)).encode() + path.read_bytes())
    return f"test_trading_{digest.hexdigest()[:12]}"


@contextmanager
def administration() -> Iterator[psycopg.Connection]:
    """A session that may make databases; one at a time."""
    connections["default"].ensure_connection()  # starts the embedded server
    connections["default"].close()
    with psycopg.connect(**login("test_trading", owner=True), autocommit=True) as connection:
        connection.execute("SET lock_timeout = 0")
        connection.execute("SELECT pg_advisory_lock(%s)", [CLONING])
        yield connection


def ensure_template(admin: psycopg.Connection) -> str:
    """The migrated template of the current sources; those of older sources are dropped."""
    name = template_name()
    exists = (
        admin.execute("SELECT FROM pg_database WHERE datname = %s AND datistemplate", [name]).fetchone() is not None
    )
    if exists:
        return name
    for (stale,) in admin.execute(r"SELECT datname FROM pg_database WHERE datname LIKE 'test\_trading\_%'").fetchall():
        if not _in_use(stale):
            drop(admin, stale)
    create(admin, name)
    default = connections["default"]
    before = default.settings_dict["NAME"]
    default.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        default.close()
        default.settings_dict["NAME"] = before
    # Only a template that is complete is marked as one.
    admin.execute(sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE true").format(sql.Identifier(name)))
    return name


def _in_use(name: str) -> bool:
    """Whether the process that a clone is named after still runs."""
    process = re.fullmatch(r"test_trading_[0-9a-f]{12}_\w+_(\d+)_\d+", name)
    return process is not None and Path(f"/proc/{process[1]}").exists()


def create(admin: psycopg.Connection, name: str, template: str = "template0") -> None:
    statement = "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'"
    admin.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(template)))
    # Tests do not survive a crash of the machine; waiting for the disk would buy nothing.
    admin.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))


def drop(admin: psycopg.Connection, name: str) -> None:
    """Drop a database once its last session has ended; only a superuser could end other roles' sessions."""
    if admin.execute("SELECT FROM pg_database WHERE datname = %s AND datistemplate", [name]).fetchone() is not None:
        admin.execute(sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(sql.Identifier(name)))
    deadline = time.monotonic() + 10
    while True:
        try:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            return
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@contextmanager
def clone(suffix: str) -> Iterator[Database]:
    """A migrated database of its own, dropped at the end."""
    with administration() as admin:
        template = ensure_template(admin)
        name = f"{template}_{suffix}"
        drop(admin, name)
        create(admin, name, template)
    try:
        yield Database(name)
    finally:
        with administration() as admin:
            drop(admin, name)


@contextmanager
def empty(suffix: str) -> Iterator[Database]:
    """A database without any table, dropped at the end."""
    name = f"{template_name()}_{suffix}"
    with administration() as admin:
        drop(admin, name)
        create(admin, name)
    try:
        yield Database(name)
    finally:
        with administration() as admin:
            drop(admin, name)
