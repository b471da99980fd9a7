"""`import_quotes` on real files, on small ones made here, and on everything that can be wrong with a file."""

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from config.commands import Failed
from liquidity.importing import loader
from liquidity.models import LpQuote
from tests.conftest import Sql
from tests.databases import PROJECT, Database
from tests.rows import liquidity, trading
from trading.models import InstrumentMark

TICKS = "timestamp,bid,ask\n2013-01-01 22:00:00.295000+00:00,86.655,86.728\n2013-01-01 22:02:35+00:00,86.657,86.728\n"
BID = (
    "timestamp,open,high,low,close\n2012-02-01 00:00:00+00:00,1,1,1,1.57585\n2012-02-01 00:01:00+00:00,1,1,1,1.57552\n"
)
ASK = (
    "timestamp,open,high,low,close\n2012-02-01 00:00:00+00:00,1,1,1,1.57597\n2012-02-01 00:01:00+00:00,1,1,1,1.57563\n"
)


@pytest.fixture
def market(db: None) -> None:
    """A provider OANDA, and the instruments of the files."""
    liquidity.liquidity_provider(name="OANDA")
    for symbol in ("GBPUSD", "USDJPY", "BTCUSD"):
        trading.instrument(symbol=symbol)


def imported(*arguments: object) -> list[dict[str, Any]]:
    """Run the command; return what it says about each load."""
    out = StringIO()
    call_command("import_quotes", *map(str, arguments), "--json", stdout=out, stderr=StringIO())
    loads: list[dict[str, Any]] = json.loads(out.getvalue())["loads"]
    return loads


def quotes(*arguments: object, instrument: str = "USDJPY", format_name: str = "ticks") -> list[dict[str, Any]]:
    return imported("--provider", "OANDA", "--instrument", instrument, "--format", format_name, *arguments)


def refusal(*arguments: object, **options: Any) -> Failed:
    """The one sentence with which the command refuses."""
    with pytest.raises(Failed) as caught:
        quotes(*arguments, **options)
    assert LpQuote.objects.count() == 0
    return caught.value


@pytest.fixture
def ticks_file(tmp_path: Path) -> Path:
    path = tmp_path / "ticks.csv"
    path.write_text(TICKS)
    return path


def bars_files(folder: Path, bid: str, ask: str) -> list[object]:
    (folder / "bid.csv").write_text(bid)
    (folder / "ask.csv").write_text(ask)
    return ["--bid", folder / "bid.csv", "--ask", folder / "ask.csv"]


# Real files ----------------------------------------------------------------------------------------


def test_real_bars_are_joined_and_crossed_closes_left_out(market: None, real_data: Path) -> None:
    sides = ["--bid", real_data / "gbpusd-m1-bid-2012-02.csv.gz", "--ask", real_data / "gbpusd-m1-ask-2012-02.csv.gz"]
    (load,) = quotes(*sides, instrument="GBPUSD", format_name="bars")
    assert (load["rows_read"], load["rows_added"], load["crossed_left_out"]) == (30_117 - 347, 30_117 - 347, 347)
    assert load["partitions_created"] == 26  # no quotes on Saturdays
    first = LpQuote.objects.order_by("quoted_at")[0]
    assert (first.quoted_at, first.bid, first.ask) == (
        datetime(2012, 2, 1, tzinfo=UTC),
        Decimal("1.57576"),
        Decimal("1.57585"),
    )
    (again,) = quotes(*sides, instrument="GBPUSD", format_name="bars")
    assert (again["rows_added"], again["rows_already_there"], again["partitions_created"]) == (0, 29_770, 0)
    assert LpQuote.objects.count() == 29_770


def test_real_ticks_keep_their_microseconds(market: None, real_data: Path) -> None:
    (load,) = quotes(real_data / "usdjpy-ticks-2013-01-01.csv.gz")
    assert (load["rows_added"], load["partitions_created"]) == (1000, 1)
    last = LpQuote.objects.order_by("-quoted_at")[0]
    assert (last.quoted_at, last.bid, last.ask) == (
        datetime(2013, 1, 1, 22, 35, 13, 494_000, tzinfo=UTC),
        Decimal("86.836"),
        Decimal("86.854"),
    )


def test_real_bars_of_one_side_become_marks(market: None, real_data: Path) -> None:
    arguments = ["--instrument", "BTCUSD", "--format", "marks", real_data / "btcusd-perp-m1-2022-01.csv.gz"]
    (load,) = imported(*arguments)
    assert (load["rows_added"], load["partitions_created"]) == (45_031, 3)
    mark = InstrumentMark.objects.order_by("marked_at")[0]
    assert (mark.marked_at, mark.mid, mark.source) == (
        datetime(2021, 12, 31, 23, 1, tzinfo=UTC),
        Decimal("46377"),
        "import",
    )
    (again,) = imported(*arguments)
    assert (again["rows_added"], again["rows_already_there"]) == (0, 45_031)


# Small files ---------------------------------------------------------------------------------------


def test_gzip_is_known_by_content_not_by_name(market: None, tmp_path: Path) -> None:
    path = tmp_path / "ticks.txt"
    path.write_bytes(gzip.compress(TICKS.encode()))
    assert quotes(path)[0]["rows_added"] == 2


def test_windows_file_is_read(market: None, tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_bytes(b"\xef\xbb\xbf" + TICKS.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert quotes(path)[0]["rows_added"] == 2


def test_last_line_needs_no_newline(market: None, tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text(TICKS.rstrip("\n"))
    assert quotes(path)[0]["rows_added"] == 2


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2013-01-01 22:00:00", datetime(2013, 1, 1, 22, tzinfo=UTC)),
        ("2013-01-01T22:00:00Z", datetime(2013, 1, 1, 22, tzinfo=UTC)),
        ("2013-01-01 22:00:00.5", datetime(2013, 1, 1, 22, 0, 0, 500_000, tzinfo=UTC)),
        ("2013-01-02 00:30:00+02:30", datetime(2013, 1, 1, 22, tzinfo=UTC)),
        ("2013-01-01 17:00:00-0500", datetime(2013, 1, 1, 22, tzinfo=UTC)),
    ],
)
def test_time_without_a_zone_is_utc_and_others_are_converted(
    market: None, tmp_path: Path, written: str, meant: datetime
) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text(f"timestamp,bid,ask\n{written},86.655,86.728\n")
    (load,) = quotes(path)
    assert LpQuote.objects.get().quoted_at == meant
    assert datetime.fromisoformat(load["first"]) == meant


def test_histdata_is_in_eastern_standard_time_in_summer_too(market: None, tmp_path: Path) -> None:
    path = tmp_path / "DAT_ASCII_USDJPY_T_201307.csv"
    path.write_text("20130701 190000123,99.655,99.660,0\n20130701 190000456,99.656,99.660,0\n")
    assert quotes(path, format_name="histdata")[0]["rows_added"] == 2
    first = LpQuote.objects.order_by("quoted_at")[0]
    assert first.quoted_at == datetime(2013, 7, 2, 0, 0, 0, 123_000, tzinfo=UTC)
    assert (first.bid, first.ask) == (Decimal("99.655"), Decimal("99.660"))


def test_repeated_line_is_kept_and_a_second_load_adds_nothing(market: None, tmp_path: Path) -> None:
    line = "2013-01-01 22:00:00+00:00,86.655,86.655\n"
    path = tmp_path / "ticks.csv"
    path.write_text("timestamp,bid,ask\n" + line * 2)
    assert quotes(path)[0]["rows_added"] == 2
    (again,) = quotes(path)
    assert (again["rows_added"], again["rows_already_there"]) == (0, 2)


def test_longer_file_adds_what_is_missing(market: None, ticks_file: Path) -> None:
    quotes(ticks_file)
    ticks_file.write_text(TICKS + "2013-01-01 22:02:36+00:00,86.6570,86.729\n2013-01-01 22:02:35+00:00,86.657,86.729\n")
    (load,) = quotes(ticks_file)
    assert (load["rows_added"], load["rows_already_there"]) == (2, 2)
    assert LpQuote.objects.count() == 4


def test_other_providers_quotes_are_other_quotes(market: None, ticks_file: Path) -> None:
    liquidity.liquidity_provider(name="Binance")
    quotes(ticks_file)
    (load,) = imported("--provider", "Binance", "--instrument", "USDJPY", "--format", "ticks", ticks_file)
    assert load["rows_added"] == 2


def test_gap_of_years_makes_no_partitions(market: None, tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text("timestamp,bid,ask\n2003-05-05 00:00:00,1,2\n2013-05-05 00:00:00,1,2\n")
    assert quotes(path)[0]["partitions_created"] == 2


def test_large_load_is_copied_in_portions(
    market: None, tmp_path: Path, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Portions and blocks far smaller than a file: every line arrives once, whole."""
    monkeypatch.setattr(loader, "COPY_BYTES", 1000)
    monkeypatch.setattr(loader, "BLOCK", 333)
    start = datetime(2013, 1, 1, tzinfo=UTC)
    lines = [f"{start + timedelta(milliseconds=i)},{100 + i},{101 + i}\n" for i in range(1000)]
    path = tmp_path / "ticks.csv"
    path.write_text("timestamp,bid,ask\n" + "".join(lines))
    assert quotes(path)[0]["rows_added"] == 1000
    (row,) = sql("SELECT count(DISTINCT quoted_at) AS times, sum(bid) AS bids, sum(ask) AS asks FROM lp_quotes")
    assert (row["times"], row["bids"], row["asks"]) == (1000, sum(range(100, 1100)), sum(range(101, 1101)))


def test_dry_run_checks_and_changes_nothing(market: None, ticks_file: Path, sql: Sql) -> None:
    (load,) = quotes(ticks_file, "--dry-run")
    assert (load["rows_read"], load["rows_added"], load["partitions_created"]) == (2, 0, 0)
    assert LpQuote.objects.count() == 0
    assert sql("SELECT to_regclass('lp_quotes_p2013_01_01') AS made")[0]["made"] is None


def test_unpaired_bars_are_left_out_on_request(market: None, tmp_path: Path) -> None:
    later = "2012-02-01 00:02:00+00:00,1,1,1,1.57600\n"
    files = bars_files(tmp_path, BID + later, ASK.replace("2012-02-01 00:00", "2012-01-31 23:59"))
    (load,) = quotes(*files, "--skip-unpaired", instrument="GBPUSD", format_name="bars")
    assert (load["rows_added"], load["unpaired_left_out"]) == (1, 3)


def test_earlier_files_stay_when_a_later_one_is_wrong(market: None, ticks_file: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("timestamp,bid,ask\n2013-01-02 22:00:00,2,1\n")
    with pytest.raises(Failed, match=r"wrong\.csv line 2: .* The file before it stays loaded"):
        quotes(ticks_file, wrong)
    assert LpQuote.objects.count() == 2


def test_simulation_is_the_same_for_the_same_seed(market: None) -> None:
    assert quotes("--count", 500, "--seed", 7, format_name="simulated")[0]["rows_added"] == 500
    (again,) = quotes("--count", 500, "--seed", 7, format_name="simulated")
    assert again["rows_added"] == 0
    assert quotes("--count", 500, "--seed", 8, format_name="simulated")[0]["rows_added"] > 0


def test_simulated_quotes_lie_on_the_price_grid(market: None, sql: Sql) -> None:
    trading.instrument(symbol="US30USD", tick_size=Decimal("0.25"))
    quotes("--count", 300, "--start", "2025-03-03T08:00:00", instrument="US30USD", format_name="simulated")
    (row,) = sql(
        "SELECT count(*) FILTER (WHERE mod(bid, 0.25) <> 0 OR mod(ask, 0.25) <> 0 OR ask <= bid) AS off_grid,"
        " min(quoted_at) AS first, min(bid) AS low, max(ask) AS high FROM lp_quotes"
    )
    assert row["off_grid"] == 0
    assert row["first"] > datetime(2025, 3, 3, 8, tzinfo=UTC)
    assert 37_000 < row["low"] < row["high"] < 38_000


# Wrong files ---------------------------------------------------------------------------------------

GOOD = "2013-01-01 22:00:00,86.655,86.728"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2013-01-01 22:00:01,86.729,86.728", "the bid 86.729 is above the ask 86.728"),
        ("2013-01-01 22:00:01,9999999999999999.00000001,9999999999999999", "is above the ask"),
        ("2013-01-01 22:00:01,0,86.728", "the bid is not greater than zero"),
        ("2013-01-01 22:00:01,-1,86.728", "the bid '-1' is not greater than zero"),
        ("2013-01-01 22:00:01,nan,86.728", "the bid 'nan' is not a price"),
        ("2013-01-01 22:00:01,86.6,inf", "the ask 'inf' is not a price"),
        ("2013-01-01 22:00:01,1e2,1e3", "the bid '1e2' is not a price"),
        ("2013-01-01 22:00:01,86.123456789,87", "the bid '86.123456789' has more than 8 decimals"),
        ("2013-01-01 22:00:01,12345678901234567,87", "is not a price"),
        ("2013-01-01 22:00:01,,87", "the bid '' is not a price"),
        ("2013-01-01 22:00:01,86.6", "2 fields instead of timestamp,bid,ask"),
        ("2013-01-01 22:00:01,86.6,86.7,0", "4 fields instead of timestamp,bid,ask"),
        ("2013-13-01 22:00:01,86.6,86.7", "2013-13-01 22:00:01 is no time of the calendar"),
        ("2013-02-29 22:00:01,86.6,86.7", "is no time of the calendar"),
        ("2013-01-01 24:00:00,86.6,86.7", "is no time of the calendar"),
        ("2013-01-01 22:00:60,86.6,86.7", "is no time of the calendar"),
        ("2013-01-01,86.6,86.7", "'2013-01-01' is no time like"),
        ("01/02/2013 22:00:01,86.6,86.7", "is no time like"),
        ("2013-01-01 22:00:01+25:00,86.6,86.7", "is no time like"),
        ("1969-12-31 23:59:59,86.6,86.7", "is before 1970"),
        ("0001-01-01 00:00:00+05:00,86.6,86.7", "is no time of the calendar"),
        ("2999-01-01 00:00:00,86.6,86.7", "is in the future"),
        ("", "the line is empty"),
        ("2013-01-01 22:00:01,86,655;86.728", "is not a price"),
        ("2013-01-01 22:00:01,\uff18\uff16.6,86.7", "is not a price"),
        ("2013-01-01 22:00:01,86.6,86.7\\.", "is not a price"),
    ],
)
def test_bad_line_is_named_with_its_number_and_reason(market: None, tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text("\n".join(["timestamp,bid,ask", GOOD, line, GOOD, ""]), encoding="utf-8")
    failure = refusal(path)
    assert str(failure).startswith(f"{path} line 3: ")
    assert reason in str(failure)
    assert failure.returncode == 1


def test_bad_line_far_inside_a_file_is_named(market: None, tmp_path: Path) -> None:
    """Beyond the first block that is read."""
    path = tmp_path / "ticks.csv"
    lines = ["timestamp,bid,ask", *[GOOD] * 20_000, "2013-01-01 22:00:01,2,1", *[GOOD] * 20_000]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert f"{path} line 20002: the bid 2 is above the ask 1" in str(refusal(path))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"timestamp,bid,ask\n", "holds no rows"),
        (b"time,bid,ask\n2013-01-01 22:00:00,1,2\n", "line 1: the header is 'time,bid,ask', not timestamp,bid,ask"),
        (b"timestamp,bid,ask\n2013-01-01 22:00:00,1,\xff2\n", "line 2: this is not UTF-8 text"),
        ("timestamp,bid,ask\n".encode("utf-16"), "line 1: this is not UTF-8 text"),
        # Without its time stamp: the names of the tests are the same in every process of a run.
        (gzip.compress(TICKS.encode() * 1000, mtime=0)[:-20], "is cut off: its gzip data end early"),
        (gzip.compress(TICKS.encode(), mtime=0)[:-8] + b"12345678", "is damaged"),
        (b"\x1f\x8b but no gzip", "is damaged"),
        (b"PK\x03\x04 and so on", "is a ZIP archive: unpack it"),
        (b"timestamp,bid,ask\n" + b"x" * 1_000_000, "line 2: is longer than 4096 characters"),
        (b"x" * 1_000_000, "line 1: the header is"),
    ],
)
def test_unusable_file_is_refused_in_one_sentence(market: None, tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "ticks.csv"
    path.write_bytes(content)
    failure = refusal(path)
    assert str(path) in str(failure)
    assert reason in str(failure)
    assert failure.returncode == 1


def test_missing_file_is_found_before_the_first_one_is_loaded(market: None, ticks_file: Path) -> None:
    failure = refusal(ticks_file, ticks_file.with_name("other.csv"))
    assert str(failure).endswith("other.csv does not exist.")


def test_pipe_is_refused_and_not_waited_for(market: None, tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    os.mkfifo(path)
    assert str(refusal(path)) == f"{path} is a pipe or a device, and a file is read twice: save it to a file first."


def test_folder_is_refused(market: None, tmp_path: Path) -> None:
    assert "is a folder" in str(refusal(tmp_path))


@pytest.mark.parametrize(
    ("bid", "ask", "reason"),
    [
        (
            ASK,
            BID,
            "bid.csv line 2: the bid 1.57597 is above the ask 1.57585, as in 2 of 2 bars: are --bid and --ask swapped?",
        ),
        (BID, ASK.replace("00:01:00", "00:02:00"), "bid.csv line 3: "),
        (BID.replace("00:01:00", "00:02:00"), ASK, "ask.csv line 3: "),
        (BID, "\n".join(ASK.split("\n")[:2]), "has no bar of 2012-02-01 00:01:00+00:00; --skip-unpaired"),
        (BID.replace("00:01:00", "00:00:00"), ASK, "bid.csv line 3: 2012-02-01 00:00:00+00:00 does not come after"),
        (BID.replace(",1,1,1,", ",1,x,1,"), ASK, "bid.csv line 2: the high 'x' is not a price"),
        (BID, ASK.replace("1.57563", "0"), "ask.csv line 3: the close is not greater than zero"),
        (BID, TICKS, "ask.csv line 1: the header is 'timestamp,bid,ask'"),
    ],
)
def test_bars_that_do_not_fit_together_are_refused(
    market: None, tmp_path: Path, bid: str, ask: str, reason: str
) -> None:
    failure = refusal(*bars_files(tmp_path, bid, ask), instrument="GBPUSD", format_name="bars")
    assert reason in str(failure)


def test_mark_that_contradicts_a_stored_one_is_refused(market: None, tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text(BID)
    arguments = ["--instrument", "GBPUSD", "--format", "marks", path]
    imported(*arguments)
    path.write_text(BID.replace("1.57552", "1.6"))
    with pytest.raises(Failed, match="Another price is stored in instrument_marks already"):
        imported(*arguments)
    assert list(InstrumentMark.objects.order_by("marked_at").values_list("mid", flat=True)) == [
        Decimal("1.57585"),
        Decimal("1.57552"),
    ]


def test_too_many_partitions_are_refused(market: None, tmp_path: Path, sql: Sql) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text("timestamp,bid,ask\n" + "".join(f"2013-01-0{day} 00:00:00,1,2\n" for day in range(1, 4)))
    assert "More than 2 new partitions" in str(refusal(path, "--max-partitions", 2))
    assert sql("SELECT to_regclass('lp_quotes_p2013_01_01') AS made")[0]["made"] is None
    assert quotes(path, "--max-partitions", 3)[0]["partitions_created"] == 3


# Wrong words on the command line -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--format", "ticks", "--instrument", "USDJPY", "f"], 2, "--format ticks needs --provider."),
        (["--format", "ticks", "--instrument", "USDJPY", "--provider", "OANDA"], 2, "--format ticks needs FILE."),
        (["--format", "bars", "--instrument", "USDJPY", "--provider", "OANDA", "--bid", "f"], 2, "needs --ask."),
        (
            ["--format", "bars", "--instrument", "USDJPY", "--provider", "OANDA", "--bid", "f", "--ask", "f"],
            2,
            "--bid and --ask name the same file.",
        ),
        (["--format", "marks", "--instrument", "USDJPY", "--provider", "OANDA", "f"], 2, "does not take --provider."),
        (["--format", "ticks", "--instrument", "USDJPY", "--provider", "OANDA", "--seed", "0", "f"], 2, "--seed."),
        (["--format", "simulated", "--instrument", "USDJPY", "--provider", "OANDA"], 2, "needs --count."),
        (["--format", "simulated", "--instrument", "USDJPY", "--provider", "OANDA", "--count", "0"], 2, "at least 1"),
        (
            ["--format", "ticks", "--instrument", "USDJPI", "--provider", "OANDA", "f"],
            1,
            "There is no instrument 'USDJPI'; did you mean USDJPY?",
        ),
        (
            ["--format", "ticks", "--instrument", "USDJPY", "--provider", "oanda", "f"],
            1,
            "There is no liquidity provider 'oanda'; did you mean OANDA?",
        ),
        (
            ["--format", "ticks", "--instrument", "USDJPY", "--provider", "zzz", "f"],
            1,
            "There is no liquidity provider 'zzz'; known are OANDA.",
        ),
    ],
)
def test_wrong_words_are_refused(market: None, arguments: list[str], code: int, reason: str) -> None:
    with pytest.raises(Failed) as caught:
        imported(*arguments)
    assert reason in str(caught.value)
    assert caught.value.returncode == code


# A process of its own ------------------------------------------------------------------------------


@pytest.fixture
def desk(live_database: Database) -> Database:
    """A database of its own with a provider and an instrument, seen by other processes."""
    liquidity.liquidity_provider(name="OANDA")
    trading.instrument(symbol="USDJPY")
    return live_database


ARGUMENTS = ["import_quotes", "--provider", "OANDA", "--instrument", "USDJPY", "--format", "ticks"]


def test_result_is_on_stdout_and_a_failure_is_one_sentence(desk: Database, ticks_file: Path) -> None:
    done = desk.manage(*ARGUMENTS, str(ticks_file))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{ticks_file}: 2 rows read, 2 added, 1 partition made (")
    ticks_file.write_text(TICKS + "2013-01-01 22:00:00,2,1\n")
    failed = desk.manage(*ARGUMENTS, str(ticks_file))
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.count("\n") == 1
    assert "line 4: the bid 2 is above the ask 1. Nothing of this file was loaded." in failed.stderr


def test_second_run_of_the_same_source_is_locked_out(desk: Database, ticks_file: Path) -> None:
    target = desk.rows("SELECT lp.id AS provider, i.id AS instrument FROM liquidity_providers lp, instruments i")[0]
    with desk.connect() as other:
        other.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 0))",
            [f"import lp_quotes {target['provider']} {target['instrument']}"],
        )
        locked = desk.manage(*ARGUMENTS, str(ticks_file))
    assert locked.returncode == 5
    assert "Another run is loading the same instrument" in locked.stderr
    assert desk.rows("SELECT count(*) AS quotes FROM lp_quotes")[0]["quotes"] == 0


def test_run_that_is_killed_leaves_nothing(desk: Database, tmp_path: Path) -> None:
    """Killed while its COPY waits for a lock: nothing of the file, and no partition, is left."""
    path = tmp_path / "ticks.csv"
    path.write_text(TICKS)
    with desk.connect(owner=True, autocommit=False) as other:
        other.execute("LOCK TABLE lp_quotes IN SHARE MODE")
        run = subprocess.Popen(
            [sys.executable, "manage.py", *ARGUMENTS, str(path)], env=desk.environment(), cwd=PROJECT
        )
        waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'lp_quotes'::regclass"
        deadline = time.monotonic() + 30
        while not desk.rows(waiting) and time.monotonic() < deadline:
            time.sleep(0.05)
        run.kill()
        assert run.wait() == -signal.SIGKILL
    made = "SELECT to_regclass('lp_quotes_p2013_01_01') AS partition, (SELECT count(*) FROM lp_quotes) AS quotes"
    assert desk.rows(made) == [{"partition": None, "quotes": 0}]
    assert desk.manage(*ARGUMENTS, str(path)).returncode == 0


def test_full_disk_under_the_temporary_file_is_said(
    market: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on the size of files is a disk that is full after its first page."""
    path = tmp_path / "ticks.csv"
    path.write_text("timestamp,bid,ask\n" + "2013-01-01 22:00:00,1,2\n" * 10_000)
    monkeypatch.setattr(loader, "IN_MEMORY", 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        failure = refusal(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "No room in" in str(failure)
    assert failure.returncode == 3
