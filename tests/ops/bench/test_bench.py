"""The benchmark runner, on its own throwaway cluster."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from config.database.embedded.postmaster import read_pid_file
from ops.bench.cases.guards import GUARDS
from ops.bench.measure import Benchmark, Result, Run
from tests.databases import PROJECT
from tests.servers import MEMORY, wait_for_end


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "bench", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_benchmark_is_measured_written_and_drawn(tmp_path: Path) -> None:
    output, plot = tmp_path / "result.json", tmp_path / "plot.svg"
    result = bench("keys", "--quick", "--rounds", "1", "--json", "--output", str(output), "--plot", str(plot))
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert json.loads(output.read_text()) == report
    (keys,) = report["benchmarks"]
    assert (keys["name"], keys["units"], len(keys["subject"]["runs"]), len(keys["baseline"]["runs"])) == (
        "keys",
        50_000,
        1,
        1,
    )
    # 50,000 rows cost the server CPU time, which is counted although it is no child of the command.
    assert keys["subject"]["cpu_seconds"] > 0.01
    assert "keys" in plot.read_text()
    assert plot.read_text().startswith("<svg")


def test_every_side_of_the_flow_leaves_the_same_rows_and_every_guard_is_tried_alone() -> None:
    # The runner fails where a side leaves other rows than the services.
    result = bench("flow", "guards", "--rounds", "1", "--units", "12", "--clients", "2", "--json")
    assert result.returncode in (0, 4), result.stderr  # so little work says nothing about speed
    report = json.loads(result.stdout)["benchmarks"]
    assert [each["name"] for each in report] == [
        *(f"flow_{name}" for name in ("unguarded", "stripped", "orm", "pgbench", "rows")),
        *(f"guards_{name}" for name in GUARDS),
    ]
    assert {(each["clients"], each["units"]) for each in report} == {(2, 12)}


@pytest.mark.parametrize("clients", ["0", "2,x", ""])
def test_clients_are_numbers_from_one(clients: str) -> None:
    result = bench("flow", "--clients", clients)
    assert result.returncode == 2
    assert "is no list of numbers from 1" in result.stderr


@pytest.mark.parametrize("option", ["--rounds", "--units"])
def test_work_is_at_least_one(option: str) -> None:
    result = bench("keys", "--quick", option, "0")
    assert (result.returncode, result.stderr) == (2, f"{option} is at least 1.\n")


@pytest.mark.parametrize("option", ["--output", "--plot"])
def test_a_file_that_cannot_be_written_is_refused_before_the_work(option: str, tmp_path: Path) -> None:
    file = tmp_path / "missing" / "file"
    result = bench("keys", "--quick", option, str(file))
    sentence = f"{file} cannot be written (No such file or directory): name another file.\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", sentence)


def test_unknown_benchmark_is_a_usage_error() -> None:
    result = bench("speed")
    assert result.returncode == 2
    assert result.stderr.startswith("There is no benchmark speed: choose from ")


@pytest.mark.parametrize(("seconds", "share", "holds"), [(1.0, 2.0, True), (4.0, 0.5, True), (5.0, 0.4, False)])
def test_share_is_the_baseline_s_time_over_ours_and_has_a_floor(seconds: float, share: float, holds: bool) -> None:
    nothing = lambda cluster, name, units: lambda: None  # noqa: E731
    benchmark = Benchmark(
        name="n", sentence="", unit="rows", units=lambda quick: 1, subject=nothing, baseline=nothing, floor=0.5
    )
    result = Result(benchmark, 1, subject=[Run(seconds, 1)] * 3, baseline=[Run(2.0, 1)] * 3)
    assert result.share("wall") == share
    assert result.holds is holds


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_ended_takes_its_server_with_it(number: signal.Signals, code: int) -> None:
    """As `timeout` ends it: the signal comes to the process and then to its group."""
    folder = Path(tempfile.mkdtemp(prefix="trading-test-", dir=MEMORY))
    folder.chmod(0o755)  # the server may be another user's
    try:
        with subprocess.Popen(
            [sys.executable, "manage.py", "bench", "keys"],
            cwd=PROJECT,
            env={**os.environ, "TMPDIR": str(folder)},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as run:
            # The server's own folder only: the one that `initdb` fills is renamed to it, and is gone then.
            while not (state := next(filter(None, map(read_pid_file, folder.glob("*/server/data"))), None)):
                assert run.poll() is None
                time.sleep(0.02)
            server = state.pid
            run.send_signal(number)
            os.killpg(run.pid, number)
            _, notes = run.communicate(timeout=60)
        assert (run.returncode, notes) == (code, "Interrupted; what was not committed was rolled back.\n")
        wait_for_end(server)  # its last act but one is to remove the file that says it runs
        assert list(folder.iterdir()) == []
    finally:
        shutil.rmtree(folder)
