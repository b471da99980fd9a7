"""Work as it is meant to be is no drift: rows, partitions, a dump and its restore."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from django.conf import LazySettings, settings
from django.core.management import call_command

from config.database.embedded import find_bin_dir
from config.database.partitions import ensure_partitions
from liquidity.partitions import PARTITIONED as QUOTES
from ops.drift import compare, read_catalog
from ops.seeding.seed import seed_small_broker
from tests.databases import Database, url
from tests.ops.drift.conftest import WRITTEN_BY_MIGRATIONS
from trading.partitions import PARTITIONED as MARKS


def test_rows_partitions_and_seals_are_no_drift(
    live_database: Database, settings: LazySettings, tmp_path: Path
) -> None:
    settings.ARCHIVE_DIR = tmp_path
    with live_database.connect(owner=True) as connection:
        migrated = read_catalog(connection, rows_of=WRITTEN_BY_MIGRATIONS)
        seed_small_broker()
        for partitioning in (*QUOTES, *MARKS):
            assert ensure_partitions(partitioning, datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 3, 9, tzinfo=UTC))
        # Those of 2024 leave, those to come are made.
        call_command("partitions", noinput=True)
        assert list(tmp_path.rglob("*.parquet"))
        call_command("seal_audit")
        assert compare(connection, migrated) == []


def test_restored_dump_has_the_same_catalog(fresh_database: Database, empty_database: Database) -> None:
    programs = find_bin_dir(settings.POSTGRES_BIN_DIR)
    dump = subprocess.run(
        [programs / "pg_dump", "--dbname", url(fresh_database.name, owner=True), "--role=trading_owner"],
        capture_output=True,
        check=True,
    )
    subprocess.run(
        [programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url(empty_database.name, owner=True)],
        # Who is to own a function must be allowed to make one; pg_dump gives rights last.
        input=b"GRANT USAGE, CREATE ON SCHEMA public TO trading_audit_owner;" + dump.stdout,
        capture_output=True,
        check=True,
    )
    with fresh_database.connect(owner=True) as original, empty_database.connect(owner=True) as restored:
        assert compare(restored, read_catalog(original, rows_of=WRITTEN_BY_MIGRATIONS)) == []
        assert compare(original, read_catalog(restored, rows_of=WRITTEN_BY_MIGRATIONS)) == []
