"""Schema changes are made as the schema's owner, with the application's settings otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager

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
