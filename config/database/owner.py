"""Schema changes are made as the schema's owner, with the application's settings otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

LOGIN = ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")


@contextmanager
def connected_as_owner(alias: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Within the block the connection `alias` logs in with MIGRATE_DATABASE_URL's role; NAME stays as it is.

    An open transaction cannot change its role: inside one, the connection stays what it is.
    """
    connection = connections[alias]
    if connection.in_atomic_block:
        yield
        return
    application = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        {key: settings.OWNER_DATABASE[key] for key in LOGIN if key in settings.OWNER_DATABASE}
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(application)


def owner_connection(name: str | None = None, *, options: str = "", alias: str = DEFAULT_DB_ALIAS) -> Any:
    """A Django connection of its own, as the owner, to the database `name` (by default the one in use).

    It opens when it is first used; close it. `options` are more of libpq's (`-c synchronous_commit=off`).
    """
    current = connections[alias]
    login = {key: settings.OWNER_DATABASE[key] for key in LOGIN if key in settings.OWNER_DATABASE}
    parameters = {**current.settings_dict, **login, "NAME": name or current.settings_dict["NAME"]}
    of_libpq = parameters.get("OPTIONS", {})
    parameters["OPTIONS"] = {**of_libpq, "options": f"{of_libpq.get('options', '')} {options}".strip()}
    return type(current)(parameters, alias)


@contextmanager
def connected_to(name: str, *, options: str = "", alias: str = DEFAULT_DB_ALIAS) -> Iterator[Any]:
    """Within the block, this thread's connection `alias` is one of the owner to the database `name`.

    The connection that was there is left alone, with its transaction if it is in one, and comes back at the end.
    """
    before = connections[alias]
    connections[alias] = owner_connection(name, options=options, alias=alias)
    try:
        yield connections[alias]
    finally:
        connections[alias].close()
        connections[alias] = before
