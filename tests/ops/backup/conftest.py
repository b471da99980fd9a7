"""A small broker on a database of its own, and a folder for its backups."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from config.commands import entry
from config.database.scratch import Server, drop
from ops.backup import swap
from ops.backup.dump import back_up
from ops.backup.store import Backup, Store
from ops.seeding.seed import seed_small_broker
from tests import databases
from tests.databases import Database
from tests.servers import MEMORY


@pytest.fixture(scope="module")
def broker(django_db_setup: None, django_db_blocker: Any) -> Iterator[Database]:
    """Seeded; Django's own connection is on it while the module's tests run."""
    default = connections["default"]
    with django_db_blocker.unblock(), databases.clone(f"backup_{os.getpid()}") as database:
        default.close()
        before = default.settings_dict["NAME"]
        default.settings_dict["NAME"] = database.name
        try:
            seed_small_broker()
            yield database
        finally:
            default.close()
            default.settings_dict["NAME"] = before


@pytest.fixture
def administrator(broker: Database) -> Iterator[Server]:
    """Swaps end the application's sessions; the databases that they put aside are dropped."""
    server = Server.of_settings()
    if server.administrator is None:
        pytest.skip("no administrator is named (ADMIN_DATABASE_URL)")
    yield server
    connections["default"].close()
    with closing(server.master()) as session:
        for name, _ in swap.put_aside(session, broker.name):
            drop(session, name)


@pytest.fixture
def store(broker: Database) -> Iterator[Store]:
    with tempfile.TemporaryDirectory(prefix="trading-test-", dir=MEMORY) as folder:
        yield Store(Path(folder) / "backups")


@pytest.fixture(scope="module")
def kept(broker: Database) -> Iterator[tuple[Store, Backup]]:
    """A backup for tests that leave it as it is."""
    with tempfile.TemporaryDirectory(prefix="trading-test-", dir=MEMORY) as folder:
        store = Store(Path(folder) / "backups")
        yield store, back_up(store)


@dataclass(frozen=True)
class Answer:
    """How a command has ended, and what it has printed."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def manage(store: Store, settings: Any, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """`manage.py` on the store, from its arguments to its exit code, without the start of another Python."""
    settings.BACKUP_DIR = store.folder

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        try:
            code = entry.run(["manage.py", *arguments])
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return call
