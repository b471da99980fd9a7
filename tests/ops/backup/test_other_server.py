"""Moving to another server, and going back in time there: audit and seals go on, nothing is taken for a forgery."""

import os
import re
import shlex
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from audit.sealing.sealer import seal
from audit.sealing.verifier import verify
from config.commands import EnvironmentFailed
from config.database.owner import connected_as_owner
from ops.backup import restore
from ops.backup.drill import drill
from ops.backup.dump import back_up
from ops.backup.store import Backup, Store
from ops.bench.cluster import Cluster, throwaway_cluster
from ops.pitr import base, stream
from ops.pitr.archive import Archive
from ops.pitr.recover import recover_embedded
from tests.databases import Database
from tests.servers import MEMORY, run_as_server

LIVE = "trading_moved"


@pytest.fixture(scope="module")
def sealed(broker: Database) -> Iterator[tuple[Store, Backup]]:
    """A backup whose rows are sealed, of the suite's server, which has given out many transaction numbers."""
    with connected_as_owner():
        assert sum(seal().rows.values()) > 0
    with tempfile.TemporaryDirectory(prefix="trading-test-", dir=MEMORY) as folder:
        store = Store(Path(folder) / "backups")
        yield store, back_up(store, label="sealed")


@pytest.fixture(scope="module")
def elsewhere(sealed: tuple[Store, Backup]) -> Iterator[Cluster]:
    with throwaway_cluster(MEMORY, template=False) as cluster, cluster.used_by_django(LIVE):
        yield cluster


def work_and_seal() -> None:
    """A change by the application, sealed, after which everything still verifies."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO system_events (event_type, message) VALUES ('error', 'after the move')")
    with connected_as_owner():
        assert sum(seal().rows.values()) > 0
        assert verify().findings.total == 0


def test_a_server_that_counts_from_a_lower_number_is_told_what_to_run_and_then_takes_over(
    sealed: tuple[Store, Backup], elsewhere: Cluster
) -> None:
    store, backup = sealed
    with pytest.raises(EnvironmentFailed, match="nothing was changed"):
        restore.plan(backup, name=None, migrate=False, pre_backup=True)
    with pytest.raises(EnvironmentFailed, match="nothing was changed"):
        drill(store, backup)
    assert store.get("sealed").sound["last_drill"] is None
    with pytest.raises(EnvironmentFailed) as refusal:
        restore.restore(store, backup)
    with closing(elsewhere.connect("postgres")) as session:
        assert session.execute("SELECT FROM pg_database WHERE starts_with(datname, %s)", [LIVE]).fetchall() == []
    [command] = re.findall(r"as its user: (.+) ;", str(refusal.value))
    elsewhere.server.stop()
    run_as_server(elsewhere.server, shlex.split(command))
    elsewhere.server.ensure_running()
    assert drill(store, backup)["ok"]
    restored = restore.restore(store, backup)
    assert restored.database == LIVE
    assert restored.proofs["audit"] == "holds"
    work_and_seal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_seals WHERE kind = 'restored'")
        assert cursor.fetchone() == (1,)


def test_seals_go_on_after_the_server_has_gone_back_in_time(
    sealed: tuple[Store, Backup], elsewhere: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also to a moment before the last seal: what it covered is gone with it."""
    server = elsewhere.server
    monkeypatch.setattr(settings, "EMBEDDED_DATABASE", {"ROOT": server.root, "BIN_DIR": settings.POSTGRES_BIN_DIR})
    archive = Archive.below(server.root.parent / "backups")
    stream.start(archive, synchronous=False)
    try:
        base.take(archive, incremental=False)
        work_and_seal()
        with closing(elsewhere.connect(LIVE)) as session:
            (until,) = session.execute("SELECT clock_timestamp(), pg_sleep(0.1)").fetchone()[:1]  # type: ignore[index]
        work_and_seal()
        recover_embedded(archive, until)
        work_and_seal()
    finally:
        _stop_receiving(archive)


def _stop_receiving(archive: Archive) -> None:
    if (pid := stream.receiver(archive)) is not None:
        os.kill(pid, signal.SIGINT)
        while stream.receiver(archive) is not None:
            time.sleep(0.02)
