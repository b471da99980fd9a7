"""What a backup costs, and its manifest alone, against `pg_dump | gzip` of the same database."""

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from config.database.roles import MIGRATOR_LOGIN
from config.database.scratch import Server
from ops.backup import contents
from ops.backup.dump import back_up
from ops.backup.store import Store
from ops.bench.cluster import Cluster
from ops.bench.measure import Benchmark

#: As compressible as a log is: half of each row is random.
FILL = (
    "INSERT INTO system_events (event_type, message, details)"
    " SELECT 'error', 'order ' || number || ' was refused: ' || md5(number::text),"
    " jsonb_build_object('order', gen_random_uuid(), 'price', round((random() * 2)::numeric, 8))"
    " FROM generate_series(1, %s) AS number"
)


def _fill(cluster: Cluster, database: str, units: int) -> None:
    with closing(cluster.connect(database)) as session:
        session.execute(FILL, [units])
        session.execute("VACUUM ANALYZE system_events")


def _backup(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    _fill(cluster, database, units)
    folder = tempfile.TemporaryDirectory(prefix="trading-bench-")

    def work() -> None:
        back_up(Store(Path(folder.name) / "backups"))
        folder.cleanup()

    return work


def _pg_dump_gzip(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    """What everybody does: one process, plain SQL, gzip at its usual level; nothing is counted, nothing is checked."""
    _fill(cluster, database, units)
    folder = tempfile.TemporaryDirectory(prefix="trading-bench-")
    pg_dump = str(cluster.server.bin_dir / "pg_dump")
    url = cluster.server.url(user=MIGRATOR_LOGIN, database=database)

    def work() -> None:
        with (Path(folder.name) / "dump.sql.gz").open("wb") as file:
            dump = subprocess.Popen([pg_dump, url], stdout=subprocess.PIPE)
            subprocess.run(["gzip"], stdin=dump.stdout, stdout=file, check=True)  # noqa: S607
            assert dump.stdout is not None  # noqa: S101 - it was asked for
            dump.stdout.close()
            if dump.wait() != 0:
                raise RuntimeError("pg_dump failed")
        folder.cleanup()

    return work


def _manifest(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    """The row counts and hashes of all tables."""
    _fill(cluster, database, units)

    def work() -> None:
        with closing(Server.of_settings().connect(database)) as session, session.transaction():
            list(contents.fingerprints(session, contents.tables(session)))

    return work


BACKUP = Benchmark(
    name="backup",
    sentence="backup_db, manifest and SHA-256 included, against pg_dump | gzip",
    unit="rows",
    units=lambda quick: 20_000 if quick else 1_000_000,
    subject=_backup,
    baseline=_pg_dump_gzip,
    floor=0.3,
)
MANIFEST = Benchmark(
    name="backup_manifest",
    sentence="row counts and content hashes of a backup's manifest against pg_dump | gzip",
    unit="rows",
    units=lambda quick: 20_000 if quick else 1_000_000,
    subject=_manifest,
    baseline=_pg_dump_gzip,
    floor=1.0,
)
