"""Settings, as a process that starts with a given environment sees them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping

import pytest

from config.settings.environment import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_SECRET_KEY
from tests.databases import PROJECT

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "a-secret-key-of-fifty-characters-or-more-0123456789-abcdefgh",
    "FIELD_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "ALLOWED_HOSTS": "trading.example",
    "DATABASE_URL": "postgresql://trading_backend:wrong-pw@127.0.0.1:1/trading",
}
PARTS = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
#: What the suite itself may run with and what would hide the defaults.
OURS = ("DATABASE_URL", "MIGRATE_DATABASE_URL", "DB_HOST", "DJANGO_SETTINGS_MODULE")


def python(code: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-c", code], environment)


def manage(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "manage.py", *arguments], environment)


def run(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key not in OURS}
    return subprocess.run(
        command, env={**inherited, **environment}, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )


def setting(expression: str, environment: Mapping[str, str]) -> object:
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings.dev", **environment}
    result = python(f"import json; from django.conf import settings; print(json.dumps({expression}))", environment)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_pool_has_5_idle_and_25_connections_by_default() -> None:
    pool = setting("settings.DATABASE_POOL", {})
    assert pool == {"min_size": 5, "max_size": 25, "timeout": 10.0}


def test_parts_and_address_give_the_same_connection() -> None:
    parts = {
        "DB_HOST": "db.example",
        "DB_PORT": "6000",
        "DB_USER": "me",
        "DB_PASSWORD": "pw",
        "DB_NAME": "books",
        "DB_SSLMODE": "require",
    }
    address = {"DATABASE_URL": "postgresql://me:pw@db.example:6000/books?sslmode=require"}
    database = "settings.DATABASES['default']"
    keys = f"[*(str({database}[key]) for key in {PARTS}), {database}['OPTIONS']['sslmode']]"
    assert setting(keys, parts) == setting(keys, address) == ["books", "me", "pw", "db.example", "6000", "require"]


def test_time_outs_follow_the_role() -> None:
    options = setting(
        "[settings.DATABASES['default']['OPTIONS']['options'], settings.OWNER_DATABASE['OPTIONS']['options']]", {}
    )
    assert isinstance(options, list)
    application, owner = options
    assert "statement_timeout=30000" in application
    assert "lock_timeout=5000" in application
    assert "statement_timeout=0" in owner
    assert "lock_timeout=10000" in owner


def test_owner_takes_its_own_address_where_it_has_one() -> None:
    environment = {
        "DATABASE_URL": "postgresql://app@db.example/books?sslmode=require",
        "MIGRATE_DATABASE_URL": "postgresql://owner@db.example/books",
    }
    owner = setting("[settings.OWNER_DATABASE['USER'], settings.OWNER_DATABASE['OPTIONS']['sslmode']]", environment)
    assert owner == ["owner", "require"]


def test_replicas_are_databases_of_their_own() -> None:
    urls = "postgresql://app@one.example/books,postgresql://app@two.example/books"
    hosts = setting(
        "{alias: db['HOST'] for alias, db in settings.DATABASES.items() if alias != 'default'}",
        {"REPLICA_DATABASE_URLS": urls},
    )
    assert hosts == {"replica1": "one.example", "replica2": "two.example"}


def test_production_passes_the_deployment_check() -> None:
    result = manage("check", "--deploy", "--fail-level", "WARNING", environment=PRODUCTION)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
        ({"FIELD_ENCRYPTION_KEYS": None}, "FIELD_ENCRYPTION_KEYS is not set"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is not set"),
        ({"DATABASE_URL": None}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": None, "DB_HOST": "db.example"}, "DB_USER is not set"),
        ({"DATABASE_URL": "mysql://me:hunter2@db.example/books"}, "DATABASE_URL is not a PostgreSQL address"),
        ({"DATABASE_URL": "postgresql://me:hunter2@db.example:port/books"}, "DATABASE_URL is not a PostgreSQL address"),
        ({"DATABASE_URL": "postgresql://me:hunter2@db.example"}, "DATABASE_URL is not a PostgreSQL address"),
        ({"DB_POOL_MAX_SIZE": "many"}, "DB_POOL_MAX_SIZE is not a whole number"),
        ({"DB_POOL_MIN_SIZE": "30"}, "DB_POOL_MIN_SIZE is larger than DB_POOL_MAX_SIZE"),
        ({"AUTO_MIGRATE": "maybe"}, "AUTO_MIGRATE is not true or false"),
        ({"DB_PREPARED_STATEMENTS": "ture"}, "DB_PREPARED_STATEMENTS is not true or false"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is not DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is empty"),
        ({"FIELD_ENCRYPTION_KEYS": ""}, "FIELD_ENCRYPTION_KEYS is empty"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is empty"),
        ({"SECRET_KEY": DEVELOPMENT_SECRET_KEY}, "SECRET_KEY is that of development"),
        ({"FIELD_ENCRYPTION_KEYS": DEVELOPMENT_ENCRYPTION_KEY}, "FIELD_ENCRYPTION_KEYS begins with the key of devel"),
        ({"FIELD_ENCRYPTION_KEYS": "hunter2"}, "FIELD_ENCRYPTION_KEYS holds something that is no Fernet key"),
    ],
)
def test_wrong_environment_is_one_sentence_without_its_secrets(change: dict[str, str | None], sentence: str) -> None:
    environment = {key: value for key, value in {**PRODUCTION, **change}.items() if value is not None}
    result = manage("check", environment=environment)
    assert result.returncode == 3
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr


def test_level_of_the_log_may_be_written_in_any_case() -> None:
    assert setting("settings.LOGGING['root']['level']", {"LOG_LEVEL": "info"}) == "INFO"


def test_server_that_does_not_answer_is_one_sentence() -> None:
    result = manage("migrate", environment=PRODUCTION)
    assert result.returncode == 3
    assert "No PostgreSQL server answers" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "wrong-pw" not in result.stderr


def test_example_of_the_environment_lists_every_variable() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "config" / "settings").glob("*.py"))
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    example = (PROJECT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#([A-Z_]+)=", example, re.MULTILINE)) == read | {"DJANGO_SETTINGS_MODULE"}
