"""A command that fails says why in one sentence, whatever failed."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from config.commands import ProjectCommand, UsageFailed
from config.database.psqlextra_backend import base
from tests.databases import PROJECT, Database, url


def test_role_without_rights_is_told_whose_login_is_needed(empty_database: Database) -> None:
    result = empty_database.manage("migrate", env={"MIGRATE_DATABASE_URL": url(empty_database.name)})
    assert result.returncode == 3
    assert "set MIGRATE_DATABASE_URL to the owner's login" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_server_that_takes_no_writes_is_named_as_such(empty_database: Database) -> None:
    read_only = f"{url(empty_database.name, owner=True)}&options=-c%20default_transaction_read_only%3Don"
    result = empty_database.manage("migrate", env={"MIGRATE_DATABASE_URL": read_only})
    assert result.returncode == 3
    assert "This server takes no writes" in result.stderr
    assert empty_database.rows("SELECT count(*) AS tables FROM pg_tables WHERE schemaname = 'public'") == [
        {"tables": 0}
    ]


def test_traceback_is_shown_on_request(empty_database: Database) -> None:
    result = empty_database.manage("migrate", "--traceback", env={"MIGRATE_DATABASE_URL": url(empty_database.name)})
    assert "Traceback (most recent call last)" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["list_backups"], ["verify_backup", "x"], ["pitr", "--stop"], ["pitr", "--status"]]
)
def test_a_folder_that_is_closed_to_us_is_named(arguments: list[str], tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    command = [sys.executable, "manage.py", *arguments]
    if os.geteuid() == 0:  # whom no mode stops
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    environment = {**os.environ, "BACKUP_DIR": str(closed / "backups")}
    result = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (3, "")
    assert f"{closed}/backups" in result.stderr
    assert "cannot be used (Permission denied)" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_streams_that_are_closed_are_no_error() -> None:
    command = ["sh", "-c", 'exec "$0" manage.py list_backups --json >&- <&-', sys.executable]
    result = subprocess.run(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_question_that_is_answered_by_the_end_of_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", end)
    with pytest.raises(UsageFailed, match="Nothing was changed"):
        ProjectCommand().ask("Go on?")


@pytest.mark.django_db
def test_server_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "MINIMUM_VERSION", 99)
    with pytest.raises(ImproperlyConfigured, match=r"PostgreSQL \d+ is too old: 99 or newer is needed"):
        connections["default"].check_database_version_supported()


def run_script(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["scripts/run", *arguments],
        cwd=PROJECT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_taken_port_is_one_sentence_and_nothing_is_started() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        result = run_script(PORT=str(port))
    assert result.returncode == 3
    assert f"Port {port} is taken" in result.stderr


def test_unknown_option_of_the_script_is_a_usage_error() -> None:
    result = run_script("--serve-not")
    assert (result.returncode, result.stderr) == (2, "usage: scripts/run [--no-serve]\n")
