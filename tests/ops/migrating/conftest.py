"""Deployers: processes with Django loaded, forked in the time in which a new one would not even have started."""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import sites
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.test import modify_settings

from config.commands import Failed
from tests.databases import Database

SHOP = "tests.ops.migrating.shop"


class Deployer:
    """A process that runs `migrate` on one database."""

    def __init__(self, database: Database, arguments: tuple[str, ...], before: Callable[[], None]) -> None:
        reader, writer = os.pipe()
        connections.close_all()
        self.pid = os.fork()
        if self.pid:
            os.close(writer)
            self._output = os.fdopen(reader)
            return
        os.close(reader)
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        sys.stdout = sys.stderr = os.fdopen(writer, "w", buffering=1)
        os._exit(_migrate(database, arguments, before))

    def wait(self) -> tuple[int, str]:
        """The exit code, or minus the signal that ended it, and what it wrote."""
        output = self._output.read()
        self._output.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), output


def _migrate(database: Database, arguments: tuple[str, ...], before: Callable[[], None]) -> int:
    try:
        connections["default"].settings_dict["NAME"] = database.name
        before()
        call_command("migrate", *arguments, interactive=False, stdout=sys.stdout, stderr=sys.stderr)
    except Failed as failure:
        sys.stdout.write(f"{failure}\n")
        return failure.returncode
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
    return 0


Start = Callable[..., Deployer]


@pytest.fixture
def _with_shop(django_db_setup: None) -> Iterator[None]:
    # Another list of apps makes the back office anew, and its pages are registered only when they are imported.
    pages = admin.site
    with modify_settings(INSTALLED_APPS={"append": SHOP}):
        admin.site = sites.site = pages
        yield
    admin.site = sites.site = pages


@pytest.fixture
def start(_with_shop: None, fresh_database: Database, django_db_blocker: Any) -> Iterator[Start]:
    """`start("shop", "0002")` begins `migrate shop 0002` in a process of its own, on `fresh_database`."""
    MigrationLoader(None)  # imports the migrations once for all of them
    started: list[Deployer] = []

    def run(
        *arguments: str, before: Callable[[], None] = lambda: None, database: Database = fresh_database
    ) -> Deployer:
        started.append(Deployer(database, arguments, before))
        return started[-1]

    with django_db_blocker.unblock():
        yield run


@pytest.fixture
def migrate(start: Start) -> Callable[..., tuple[int, str]]:
    """The same, until it has ended."""
    return lambda *arguments, **options: start(*arguments, **options).wait()
