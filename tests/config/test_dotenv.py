"""Which settings a command runs with: `.env` may name them, the environment and `--settings` overrule it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.test_settings import OURS
from tests.databases import PROJECT

DOTENV = """\
DJANGO_SETTINGS_MODULE=config.settings.production
SECRET_KEY=a-secret-key-of-fifty-characters-or-more-0123456789-abcdefgh
FIELD_ENCRYPTION_KEYS=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
ALLOWED_HOSTS=trading.example
DATABASE_URL=postgresql://trading_backend:hunter2@127.0.0.1:1/trading
"""
CHOSEN = """\
from config.settings.loading import load_settings
from django.conf import settings
load_settings({argv})
print(settings.SETTINGS_MODULE)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of one as the settings need; its `.env` is the test's own."""
    shutil.copytree(PROJECT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "manage.py"):
        shutil.copy(PROJECT / file, tmp_path)
    return tmp_path


def python(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key not in OURS}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**inherited, **environment}, cwd=checkout, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def chosen(checkout: Path, *options: str, **environment: str) -> str:
    """The module of the settings that a command would run with."""
    argv = ["manage.py", "check", *options]
    result = python(checkout, "-c", CHOSEN.format(argv=argv), **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_development_unless_something_names_them(checkout: Path) -> None:
    assert chosen(checkout) == "config.settings.dev"


def test_dotenv_names_them(checkout: Path) -> None:
    (checkout / ".env").write_text(DOTENV)
    assert chosen(checkout) == "config.settings.production"


def test_the_environment_overrules_dotenv(checkout: Path) -> None:
    (checkout / ".env").write_text(DOTENV)
    assert chosen(checkout, DJANGO_SETTINGS_MODULE="config.settings.dev") == "config.settings.dev"


def test_the_option_overrules_both(checkout: Path) -> None:
    (checkout / ".env").write_text(DOTENV)
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings.production"}
    assert chosen(checkout, "--settings", "config.settings.dev", **environment) == "config.settings.dev"


def test_servers_take_those_of_dotenv(checkout: Path) -> None:
    (checkout / ".env").write_text(DOTENV.replace("config.settings.production", "config.settings.nosuch"))
    for entry in ("config.wsgi", "config.asgi"):
        assert "No module named 'config.settings.nosuch'" in python(checkout, "-c", f"import {entry}").stderr


@pytest.mark.parametrize("option", ["--settings=config.settings.nosuch", "--settings=nosuch"])
def test_settings_that_there_are_not_are_one_sentence(checkout: Path, option: str) -> None:
    result = python(checkout, "manage.py", "check", option)
    assert result.returncode == 3
    assert result.stderr.startswith(f"There are no settings {option.removeprefix('--settings=')}: name ")
    assert len(result.stderr.splitlines()) == 1


def test_a_dotenv_that_cannot_be_read_is_one_sentence(checkout: Path) -> None:
    """Passed over, the command would run on the embedded server."""
    (checkout / ".env").write_bytes(b"DATABASE_URL=postgresql://me:hunter2\xff@db.example/books\n")
    result = python(checkout, "manage.py", "check")
    assert result.returncode == 3
    assert ".env cannot be read (it is not text in UTF-8)" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr


def test_a_dotenv_of_another_user_is_one_sentence(checkout: Path) -> None:
    (checkout / ".env").mkdir()  # as root, who may read every file, a folder is what cannot be read
    result = python(checkout, "manage.py", "check")
    assert result.returncode == 3
    assert ".env cannot be read (Is a directory)" in result.stderr
