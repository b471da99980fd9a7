"""`manage.py embedded_db`, as a shell calls it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.database.embedded import EmbeddedServer

PROJECT = Path(__file__).resolve().parents[3]
Manage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder for a server of the test's own, which is ended with it."""
    folder = Path(tempfile.mkdtemp(prefix="trading-test-"))
    folder.chmod(0o755)
    root = folder / "pg"
    yield root
    with contextlib.suppress(FileNotFoundError):
        os.kill(int((root / "data/postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
    shutil.rmtree(EmbeddedServer(root).socket_dir, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def manage(root: Path) -> Manage:
    def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DB_", "DATABASE_"))}
        return subprocess.run(
            [sys.executable, PROJECT / "manage.py", "embedded_db", *arguments],
            env=kept | {"EMBEDDED_POSTGRES_DIR": str(root)} | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_server_is_started_looked_at_and_stopped(manage: Manage, root: Path) -> None:
    before = json.loads(manage("status", "--json").stdout)
    assert set(before) == {
        "running", "url", "pid", "version", "data_dir", "socket_dir", "bin_dir", "started_at", "note",
    }  # fmt: skip
    assert (before["running"], before["pid"]) == (False, None)
    assert not root.exists()

    started = manage("start", "--json")
    assert (started.returncode, started.stderr) == (0, "")
    status = json.loads(started.stdout)
    assert status["running"] is True
    assert status["data_dir"] == str(root / "data")
    assert json.loads(manage("status", "--json").stdout) == status
    assert f"url: {status['url']}\n" in manage("status").stdout

    shell = manage("psql", stdin="\\pset format unaligned\n\\t\nSELECT current_user, current_database();\n")
    assert (shell.returncode, shell.stderr) == (0, "")
    assert "trading_backend|trading\n" in shell.stdout

    for was_running in (True, False):
        stopped = manage("stop", "--json")
        assert stopped.returncode == 0
        assert json.loads(stopped.stdout) == {"running": False, "was_running": was_running}
    assert json.loads(manage("status", "--json").stdout) == before


def test_without_an_embedded_server_the_command_says_so(manage: Manage) -> None:
    refused = manage("start", DATABASE_URL="postgresql://somebody@localhost:1/elsewhere")
    assert refused.returncode == 3
    assert refused.stdout == ""
    assert "DATABASE_URL or DB_HOST names another server" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_failure_is_one_sentence_and_an_environments_exit_code(manage: Manage, tmp_path: Path) -> None:
    refused = manage("start", POSTGRES_BIN_DIR=str(tmp_path))
    assert refused.returncode == 3
    assert refused.stdout == ""
    assert f"There is no PostgreSQL server in {tmp_path}" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["restart"], ["psql", "--json"]])
def test_wrong_usage_has_its_own_exit_code(manage: Manage, arguments: list[str]) -> None:
    assert manage(*arguments).returncode == 2
