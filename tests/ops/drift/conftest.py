"""A database as the migrations make it, in which each test makes one change and takes it back."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings

from config.database.scratch import Server
from ops.drift import Catalog, read_catalog
from tests import databases

#: The tables whose rows belong to the schema.
WRITTEN_BY_MIGRATIONS = ["audit_layouts", "order_status_transitions"]


@pytest.fixture(scope="module")
def migrated(django_db_setup: None, django_db_blocker: Any) -> Iterator[databases.Database]:
    with django_db_blocker.unblock(), databases.clone(f"drift_{os.getpid()}_0") as database:
        yield database


@pytest.fixture(scope="module")
def expected(migrated: databases.Database) -> Catalog:
    with migrated.connect(owner=True) as connection:
        return read_catalog(connection, rows_of=WRITTEN_BY_MIGRATIONS)


@pytest.fixture
def owner(migrated: databases.Database) -> Iterator[psycopg.Connection[Any]]:
    """The owner, in a transaction that is rolled back."""
    with migrated.connect(owner=True, autocommit=False) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def superuser(migrated: databases.Database, django_db_blocker: Any) -> Iterator[psycopg.Connection[Any]]:
    """The administrator, in a transaction that is rolled back: for what only he can do."""
    if settings.ADMIN_DATABASE is None:
        pytest.skip("ADMIN_DATABASE_URL names no administrator of this server")
    with django_db_blocker.unblock():
        server = Server.of_settings()
    with server.connect(migrated.name, as_administrator=True) as connection:
        connection.autocommit = False
        yield connection
        connection.rollback()
