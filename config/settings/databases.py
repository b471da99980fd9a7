"""`DATABASES`: the server that the environment names, or the embedded one."""

from pathlib import Path
from typing import Any

from config.database.embedded import EmbeddedServer
from config.database.embedded.cluster import SUPERUSER
from config.database.embedded.socket_folder import PORT
from config.database.roles import BACKEND_LOGIN, MIGRATOR_LOGIN, libpq_options
from config.settings.environment import PROJECT_DIR, env

ENGINE = "config.database.psqlextra_backend"
DATABASE_NAME = env.str("DB_NAME", default="trading")


def embedded_database() -> dict[str, Any] | None:
    """Where the embedded server lives, or None where the environment names another server."""
    if env.str("DATABASE_URL", default="") or env.str("DB_HOST", default=""):
        return None
    bin_dir = env.str("POSTGRES_BIN_DIR", default="")
    return {
        "ROOT": Path(env.str("EMBEDDED_POSTGRES_DIR", default=str(PROJECT_DIR / ".postgres"))),
        "BIN_DIR": Path(bin_dir) if bin_dir else None,
    }


def application_database(embedded: dict[str, Any] | None) -> dict[str, Any]:
    """The connection of the application: a role that may change data, but not the schema."""
    if embedded:
        server = EmbeddedServer(embedded["ROOT"], bin_dir=embedded["BIN_DIR"])
        database = {
            "ENGINE": ENGINE,
            "NAME": DATABASE_NAME,
            "USER": BACKEND_LOGIN,
            "HOST": str(server.socket_dir),
            # Named, because libpq would otherwise take it from the caller's PGPORT.
            "PORT": str(PORT),
            "EMBEDDED": embedded,
        }
    elif env.str("DATABASE_URL", default=""):
        database = env.database("DATABASE_URL", engine=ENGINE)
    else:
        database = {
            "ENGINE": ENGINE,
            "NAME": DATABASE_NAME,
            "USER": env.str("DB_USER"),
            "PASSWORD": env.str("DB_PASSWORD", default=""),
            "HOST": env.str("DB_HOST"),
            "PORT": env.int("DB_PORT", default=5432),
        }
    return _with_options(database, role="trading_app", sslmode=None if embedded else env.str("DB_SSLMODE", default=""))


def owner_database(application: dict[str, Any]) -> dict[str, Any]:
    """The connection of migrations: the schema's owner, by default on the application's own server."""
    shared = {key: value for key, value in application["OPTIONS"].items() if key != "options"}
    if env.str("MIGRATE_DATABASE_URL", default=""):
        database = env.database("MIGRATE_DATABASE_URL", engine=ENGINE)
    else:
        database = {**application, "OPTIONS": {}}
        if application.get("EMBEDDED"):
            database["USER"] = MIGRATOR_LOGIN
    database["OPTIONS"] = {**shared, **database.get("OPTIONS", {})}
    return _with_options(database, role="trading_owner", sslmode=None)


def administrator_database(application: dict[str, Any]) -> dict[str, Any] | None:
    """The connection of restores: may end other roles' sessions and read the log of all changes. None: nobody's."""
    if env.str("ADMIN_DATABASE_URL", default=""):
        return env.database("ADMIN_DATABASE_URL", engine=ENGINE)
    if application.get("EMBEDDED"):
        return {**application, "USER": SUPERUSER, "OPTIONS": {}}
    return None


def replica_databases(application: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Streaming replicas, by alias, from the comma-separated REPLICA_DATABASE_URLS."""
    replicas = {}
    for number, url in enumerate(env.list("REPLICA_DATABASE_URLS", default=[]), start=1):
        database = env.database_of(url, "REPLICA_DATABASE_URLS", engine=ENGINE)
        database["TEST"] = {"MIRROR": "default"}
        replicas[f"replica{number}"] = _with_options(database, role="trading_readonly", sslmode=None)
    return replicas


def _with_options(database: dict[str, Any], *, role: str, sslmode: str | None) -> dict[str, Any]:
    options = database.setdefault("OPTIONS", {})
    # What the address itself sets comes last, and wins.
    options["options"] = f"{libpq_options(role)} {options.get('options', '')}".strip()
    options.setdefault("application_name", "trading")
    # Only cursors that ask for it prepare statements (config.database.statements).
    options.setdefault("prepare_threshold", 5 if env.boolean("DB_PREPARED_STATEMENTS", default=True) else None)
    options.setdefault("connect_timeout", env.int("DB_CONNECT_TIMEOUT", default=10))
    if sslmode:
        options["sslmode"] = sslmode
    database.setdefault("CONN_HEALTH_CHECKS", True)
    return database
