"""`setup_dev_db` on a server that has never heard of the project and asks for passwords."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.databases import PROJECT
from tests.servers import ADMIN_PASSWORD, PasswordServer, password_server

OURS = ("DATABASE_URL", "MIGRATE_DATABASE_URL", "DB_HOST", "DJANGO_SETTINGS_MODULE")


@pytest.fixture(scope="module")
def server() -> Iterator[PasswordServer]:
    with password_server() as running:
        yield running


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, since `.env` is written beside them."""
    folder = tmp_path_factory.mktemp("checkout") / "project"
    ignored = shutil.ignore_patterns(".venv", ".postgres", ".git", ".env", "backups", "__pycache__", ".*_cache")
    shutil.copytree(PROJECT, folder, ignore=ignored)
    return folder


def setup(
    checkout: Path, server: PasswordServer, *options: str, password: str = ADMIN_PASSWORD
) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in OURS}
    return subprocess.run(
        [sys.executable, "manage.py", "setup_dev_db", "--host", server.host, "--json", *options],
        env={**environment, "PGPASSWORD": password},
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_wrong_password_is_one_sentence_and_writes_nothing(server: PasswordServer, checkout: Path) -> None:
    result = setup(checkout, server, password="wrong")
    assert result.returncode == 3
    assert "refused the password of postgres" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (checkout / ".env").exists()


def test_server_is_prepared_migrated_and_written_down(server: PasswordServer, checkout: Path) -> None:
    result = setup(checkout, server)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["database"], report["test_database"], report["changed"]) == ("trading", "test_trading", True)
    assert report["application"] == f"postgresql://trading_backend@:5432/trading?host={server.host.replace('/', '%2F')}"
    env_file = checkout / ".env"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    addresses = dict(
        line.split("=", 1) for line in env_file.read_text().splitlines() if line.startswith(("DATABASE", "MIGRATE"))
    )
    with psycopg.connect(addresses["DATABASE_URL"]) as application:
        assert application.execute("SELECT count(*) FROM orders").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("CREATE TABLE mine ()")
    password = addresses["DATABASE_URL"].split(":")[2].split("@")[0]
    assert password not in result.stdout + result.stderr


def test_second_run_changes_nothing(server: PasswordServer, checkout: Path) -> None:
    assert setup(checkout, server).returncode == 0
    before = (checkout / ".env").read_text()
    result = setup(checkout, server)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["changed"] is False
    assert (checkout / ".env").read_text() == before


def test_wrong_password_of_the_application_is_one_sentence(server: PasswordServer, checkout: Path) -> None:
    assert setup(checkout, server).returncode == 0
    result = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        env={
            **os.environ,
            "DATABASE_URL": server.url("trading_backend", "hunter2", "trading"),
            "MIGRATE_DATABASE_URL": "",
        },
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 3
    assert "The server refused the password" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr


def test_missing_database_is_one_sentence(server: PasswordServer, checkout: Path) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        env={
            **os.environ,
            "DATABASE_URL": server.url("postgres", "the-administrator's-own", "nowhere"),
            "MIGRATE_DATABASE_URL": "",
        },
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 3
    assert "The database is missing: scripts/setup-dev-db makes it." in result.stderr
