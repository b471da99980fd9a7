"""A server of the test's own with its archive, and hands to write into it."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from config.database.embedded import EmbeddedServer
from config.database.embedded.socket_folder import PORT
from ops.pitr import stream
from ops.pitr.archive import Archive
from tests.servers import MEMORY


@pytest.fixture
def server(settings: Any, django_db_blocker: Any) -> Iterator[EmbeddedServer]:
    """An embedded server of the test's own, that the settings lead to."""
    folder = Path(tempfile.mkdtemp(prefix="trading-test-", dir=MEMORY))
    # The server's own user must get in.
    folder.chmod(0o755)
    embedded = settings.EMBEDDED_DATABASE or {}
    bin_dir = embedded.get("BIN_DIR") or settings.POSTGRES_BIN_DIR
    server = EmbeddedServer(folder / "server", bin_dir=bin_dir)
    place = {"HOST": str(server.socket_dir), "PORT": str(PORT), "PASSWORD": ""}
    default = connections["default"]
    before = dict(default.settings_dict)
    with django_db_blocker.unblock():
        default.close()
        try:
            server.ensure_running()
            default.settings_dict.update(place | {"NAME": "trading", "USER": "trading_backend", "EMBEDDED": None})
            settings.OWNER_DATABASE = {**settings.OWNER_DATABASE, **place, "USER": "trading_migrator"}
            settings.ADMIN_DATABASE = {**place, "USER": "postgres"}
            settings.EMBEDDED_DATABASE = {"ROOT": server.root, "BIN_DIR": bin_dir}
            yield server
        finally:
            default.close()
            default.settings_dict.update(before)
            server.stop("immediate")
            shutil.rmtree(folder)


@pytest.fixture
def archive(server: EmbeddedServer) -> Iterator[Archive]:
    archive = Archive.below(server.root.parent / "backups")
    yield archive
    if (pid := stream.receiver(archive)) is not None:
        os.kill(pid, signal.SIGINT)
        while stream.receiver(archive) is not None:
            time.sleep(0.02)
