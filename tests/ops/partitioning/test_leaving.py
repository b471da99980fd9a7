"""A period whose time is over: its rows are in the table or in a file that was compared with it, at every point."""

import hashlib
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.utils import timezone

from audit.models import LegalHold, PartitionDeparture
from audit.partitions import PARTITIONED as AUDIT
from config.commands import Failed, UsageFailed
from config.database.partitions import BEFORE_DROP, DepartingPartition, ensure_partitions
from liquidity.partitions import LP_QUOTES
from tests.databases import Database
from tests.ops.partitioning.conftest import (
    INSERT_QUOTE,
    Run,
    bounds,
    count,
    killed_after,
    open_transaction,
    quote_sources,
    unlike_their_parent,
    when_alone,
    writing,
)
from tests.rows.audit import legal_hold

HOUR = timedelta(hours=1)
days = (datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(1000))


@pytest.fixture
def old(database: Database) -> datetime:
    """A day of ten quotes, long over; every test has its own."""
    day = next(days)
    ensure_partitions(LP_QUOTES, day, day)
    with database.connect() as application:
        for hour in range(10):
            application.execute(INSERT_QUOTE, [*quote_sources(), day + hour * HOUR])
    return day


def steps(run: Run, folder: Path, **options: Any) -> list[Any]:
    """What a run of today has done with old periods."""
    return [
        step for step in run(now=datetime.now(UTC), folder=folder, retention=True, **options) if step["step"] != "add"
    ]


def of_day(database: Database, day: datetime) -> int:
    return count(database, f"lp_quotes WHERE quoted_at >= '{day}' AND quoted_at < '{day + timedelta(days=1)}'")


def departures(day: datetime) -> list[PartitionDeparture]:
    return list(PartitionDeparture.objects.filter(table_name="lp_quotes", period_from=day).order_by("id"))


def test_an_old_period_is_exported_and_dropped(run: Run, database: Database, old: datetime, tmp_path: Path) -> None:
    name = LP_QUOTES.partition_name(old)
    rows = database.rows(f"SELECT id, provider_id::text, quoted_at, bid, ask, bid_size FROM {name} ORDER BY id")
    (step,) = steps(run, tmp_path)
    file = tmp_path / "lp_quotes" / f"{name}.parquet"
    assert (step["step"], step["partitions"], step["rows"], step["file"]) == ("retire", [name], 10, str(file))
    columns = ["id", "provider_id", "quoted_at", "bid", "ask", "bid_size"]
    assert sorted(pq.read_table(file, columns=columns).to_pylist(), key=lambda row: row["id"]) == rows
    assert of_day(database, old) == 0
    assert database.rows("SELECT to_regclass(%s) AS found", [name]) == [{"found": None}]
    (departure,) = departures(old)
    manifest = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    assert departure.file_name == f"lp_quotes/{name}.parquet"
    assert departure.row_count == manifest["rows"] == 10
    assert bytes(departure.file_sha256).hex() == manifest["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert bytes(departure.content_hash).hex() == manifest["content_hash"] == step["content_hash"]
    assert (manifest["table"], manifest["from"]) == ("lp_quotes", old.isoformat())
    assert steps(run, tmp_path) == []


def test_a_month_of_the_log_leaves_with_all_it_says(run: Run, database: Database, tmp_path: Path) -> None:
    (log,) = (item for item in AUDIT if item.table == "audit_log")
    ensure_partitions(log, datetime(2020, 2, 29, tzinfo=UTC), datetime(2020, 2, 29, tzinfo=UTC))
    database.rows(
        "INSERT INTO audit_log (created_at, txid, table_name, record_id, action, changes)"
        " SELECT '2020-02-29 23:59:59.999999+00', n, 'orders', gen_random_uuid(), 'UPDATE',"
        "        jsonb_build_object('price', jsonb_build_array(n * 1.10, null), 'note', 'ü')"
        "   FROM generate_series(1, 20000) n"
    )
    expected = database.rows("SELECT id, changes::text, created_at FROM audit_log_p2020_02 ORDER BY id")
    (step,) = steps(run, tmp_path, tables=(log,))
    table = pq.read_table(step["file"], columns=["id", "changes", "created_at"]).sort_by("id")
    assert table.to_pylist() == expected
    assert pq.ParquetFile(step["file"]).num_row_groups == 2, "written and read in parts"
    assert all(item.export for item in AUDIT), "no log is dropped without its export"


def test_what_can_be_calculated_anew_leaves_without_a_file(
    run: Run, database: Database, old: datetime, tmp_path: Path
) -> None:
    (step,) = steps(run, tmp_path, tables=(replace(LP_QUOTES, export=False),))
    assert (step["rows"], step["file"]) == (10, None)
    (departure,) = departures(old)
    assert (departure.file_name, departure.row_count) == ("", 10)
    assert list(tmp_path.iterdir()) == []


def test_without_a_retention_nothing_leaves(run: Run, database: Database, old: datetime, tmp_path: Path) -> None:
    assert steps(run, tmp_path, tables=(replace(LP_QUOTES, retention=None),)) == []
    assert of_day(database, old) == 10
    steps(run, tmp_path)


def test_a_held_period_stays_until_it_is_released(run: Run, database: Database, old: datetime, tmp_path: Path) -> None:
    hold = legal_hold(table_name="lp_quotes", held_from=old + 23 * HOUR, held_until=None, reason="Case 12")
    (step,) = steps(run, tmp_path)
    assert (step["step"], step["reason"]) == ("keep", "Case 12")
    assert of_day(database, old) == 10
    _release(hold)
    assert [step["step"] for step in steps(run, tmp_path)] == ["retire"]


def _release(hold: LegalHold) -> None:
    LegalHold.objects.filter(pk=hold.pk).update(
        released_at=timezone.now(), released_by="counsel", release_reason="Settled."
    )


def _place(application: Any, day: datetime) -> None:
    application.execute(
        "INSERT INTO legal_holds (held_from, held_until, reason, placed_by)"
        " VALUES (%s::timestamptz, %s::timestamptz + interval '1 hour', 'Case 13', 'counsel')",
        [day, day],
    )


def test_a_hold_that_comes_at_the_last_moment_keeps_the_rows(
    run: Run, database: Database, old: datetime, tmp_path: Path
) -> None:
    """The partition is detached by then, and goes back to its table."""
    name = LP_QUOTES.partition_name(old)
    with database.connect() as application:

        def place(step: str, part: str) -> None:
            if part == "detached":
                _place(application, old)

        with pytest.raises(Failed, match=rf"^{name} was not dropped: the period of {name} is under a legal hold"):
            steps(run, tmp_path, report=place)
    assert of_day(database, old) == 10
    assert departures(old) == []
    assert unlike_their_parent(database, "lp_quotes") == []
    assert [step["step"] for step in steps(run, tmp_path)] == ["keep"]
    _release(LegalHold.objects.get(held_from=old))
    assert [step["step"] for step in steps(run, tmp_path)] == ["retire"]


def test_a_hold_brings_back_what_a_killed_run_has_detached(
    run: Run, database: Database, old: datetime, tmp_path: Path
) -> None:
    killed_after(run, datetime.now(UTC), "retire", "detached", folder=tmp_path, retention=True)
    with database.connect() as application:
        _place(application, old)
    assert [step["step"] for step in when_alone(lambda: steps(run, tmp_path))] == ["attach_again"]
    assert of_day(database, old) == 10
    assert unlike_their_parent(database, "lp_quotes") == []
    _release(LegalHold.objects.get(held_from=old))
    assert [step["step"] for step in steps(run, tmp_path)] == ["retire"]


@pytest.mark.parametrize("part", ["archived", "detached", "compared", "dropped"])
def test_a_run_that_is_killed_loses_nothing_and_the_next_one_ends_it(
    part: str, run: Run, database: Database, old: datetime, tmp_path: Path
) -> None:
    name = LP_QUOTES.partition_name(old)
    killed_after(run, datetime.now(UTC), "retire", part, folder=tmp_path, retention=True)
    there = of_day(database, old)
    assert there == {"archived": 10, "detached": 0, "compared": 0, "dropped": 0}[part]
    if part in ("detached", "compared"):
        assert count(database, name) == 10
    when_alone(lambda: steps(run, tmp_path))
    (departure,) = departures(old)
    assert departure.row_count == pq.read_table(tmp_path / departure.file_name).num_rows == 10
    assert database.rows("SELECT to_regclass(%s) AS found", [name]) == [{"found": None}]


def test_a_long_reader_postpones_the_departure_and_no_writer_waits(
    run: Run, database: Database, old: datetime, tmp_path: Path
) -> None:
    """DETACH CONCURRENTLY waits for the reader and is given up half done; the next run finishes it."""
    with (
        open_transaction(database, "SELECT count(*) FROM lp_quotes") as reader,
        writing(database) as writers,
    ):
        with pytest.raises(Failed, match=r"^lp_quotes was in use for 0.5 s"):
            steps(run, tmp_path, lock_wait=0.5)
        assert reader.execute("SELECT 1 AS one").fetchone() == {"one": 1}
    assert writers.refused == []
    assert writers.written > 0
    assert count(database, LP_QUOTES.partition_name(old)) == 10
    assert [step["step"] for step in steps(run, tmp_path)] == ["retire"]
    (departure,) = departures(old)
    assert departure.row_count == 10


def test_a_row_that_comes_late_is_in_the_file(run: Run, database: Database, old: datetime, tmp_path: Path) -> None:
    sources = quote_sources()
    with database.connect() as application:

        def write(step: str, part: str) -> None:
            if part == "archived":
                application.execute(INSERT_QUOTE, [*sources, old + 12 * HOUR])

        (step,) = steps(run, tmp_path, report=write)
    assert step["rows"] == pq.read_table(step["file"]).num_rows == 11


def test_a_period_that_comes_and_leaves_again_has_a_file_of_its_own(
    run: Run, database: Database, old: datetime, tmp_path: Path
) -> None:
    """As when its quotes are imported once more."""
    steps(run, tmp_path)
    first = (tmp_path / departures(old)[0].file_name).read_bytes()
    ensure_partitions(LP_QUOTES, old, old)
    steps(run, tmp_path)
    one, two = departures(old)
    assert (one.row_count, two.row_count) == (10, 0)
    assert (tmp_path / one.file_name).read_bytes() == first
    assert pq.read_table(tmp_path / two.file_name).num_rows == 0


def test_whoever_must_certify_a_partition_can_keep_it(
    run: Run, database: Database, old: datetime, tmp_path: Path
) -> None:
    name = LP_QUOTES.partition_name(old)
    seen: list[tuple[DepartingPartition, int]] = []

    def certify(partition: DepartingPartition, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {partition.name}")
            seen.append((partition, cursor.fetchone()[0]))
        if len(seen) == 1:
            raise Failed("Its rows are not sealed yet.")

    BEFORE_DROP.append(certify)
    try:
        with pytest.raises(Failed, match="not sealed yet"):
            steps(run, tmp_path)
        assert of_day(database, old) == 10
        assert departures(old) == []
        steps(run, tmp_path)
    finally:
        BEFORE_DROP.remove(certify)
    partition, rows = seen[1]
    assert (partition.table, partition.name, partition.lower, partition.rows, rows) == ("lp_quotes", name, old, 10, 10)
    assert partition.content_hash == bytes(departures(old)[0].content_hash)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"this user may not mount a tmpfs: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_changes_nothing(run: Run, database: Database, old: datetime, small_disk: Path) -> None:
    database.rows(
        "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask)"
        " SELECT %s, %s, %s::timestamptz + n * interval '1 second', n, n FROM generate_series(1, 20000) n",
        [*quote_sources(), old],
    )
    with pytest.raises(Failed, match=r"could not be written: No space left on device. Nothing was dropped; make room"):
        steps(run, small_disk)
    assert of_day(database, old) == 20010
    assert departures(old) == []
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []
    (step,) = steps(run, small_disk.parent / "larger")
    assert step["rows"] == 20010


def test_nothing_is_dropped_unless_somebody_agrees(
    database: Database, old: datetime, settings: Any, tmp_path: Path
) -> None:
    settings.ARCHIVE_DIR = tmp_path
    with pytest.raises(UsageFailed, match=f"^This exports 1 partition to {tmp_path} and drops what .* --noinput"):
        call_command("partitions")
    assert of_day(database, old) == 10
    call_command("partitions", "--noinput")
    assert of_day(database, old) == 0


def test_writers_and_readers_go_on_while_periods_leave(run: Run, database: Database, tmp_path: Path) -> None:
    for _ in range(3):
        day = next(days)
        ensure_partitions(LP_QUOTES, day, day)
    stop, failures = threading.Event(), []

    def read() -> None:
        with database.connect() as connection:
            connection.execute("SET lock_timeout = 250")
            while not stop.is_set():
                try:
                    connection.execute("SELECT count(*) FROM lp_quotes").fetchone()
                except psycopg.Error as error:
                    failures.append(str(error))

    reader = threading.Thread(target=read)
    with writing(database) as writers:
        reader.start()
        try:
            assert len(steps(run, tmp_path)) == 3
        finally:
            stop.set()
            reader.join()
    assert (writers.refused, failures) == ([], [])
    assert writers.written > 0
    with suppress(IndexError):
        assert bounds(database)[0][1] >= LP_QUOTES.kept_from(datetime.now(UTC))  # type: ignore[operator]
