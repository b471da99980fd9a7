"""A command that fails says why in one sentence, whatever failed."""

import os
import socket
import subprocess

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

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
