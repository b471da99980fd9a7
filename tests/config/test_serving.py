"""What a server process does at its start."""

import subprocess
import sys

from tests.databases import PROJECT, Database, url

SERVE = "import config.wsgi; from django.db import connection; "


def start(database: Database, code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVE + code],
        env=database.environment(DJANGO_SETTINGS_MODULE="config.settings.dev", **environment),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=180)
    assert process.returncode == 0, errors
    return output.strip()


def test_workers_that_start_together_migrate_once(empty_database: Database) -> None:
    workers = [start(empty_database, "print(1)", AUTO_MIGRATE="true") for _ in range(3)]
    assert [finish(worker) for worker in workers] == ["1", "1", "1"]
    applied = empty_database.rows(
        "SELECT app, name, count(*) FROM django_migrations GROUP BY app, name HAVING count(*) > 1"
    )
    assert applied == []
    assert empty_database.rows("SELECT to_regclass('orders') IS NOT NULL AS there")[0]["there"]


def test_nothing_is_migrated_unless_asked(empty_database: Database) -> None:
    finish(start(empty_database, "print(1)"))
    assert empty_database.rows("SELECT to_regclass('django_migrations') AS there")[0]["there"] is None


def test_server_keeps_a_pool_of_the_configured_size(fresh_database: Database) -> None:
    code = "connection.ensure_connection(); print(connection.pool.min_size, connection.pool.max_size)"
    output = finish(start(fresh_database, code, DB_POOL_MIN_SIZE="2", DB_POOL_MAX_SIZE="3"))
    assert output == "2 3"


def test_connections_carry_the_time_outs_of_the_application(fresh_database: Database) -> None:
    code = (
        "cursor = connection.cursor(); cursor.execute(\"SELECT current_setting('statement_timeout'),"
        " current_setting('lock_timeout')\"); print(*cursor.fetchone())"
    )
    assert finish(start(fresh_database, code)) == "30s 5s"


def test_server_that_cannot_migrate_says_why_and_does_not_start(empty_database: Database) -> None:
    process = start(empty_database, "print(1)", AUTO_MIGRATE="true", MIGRATE_DATABASE_URL=url(empty_database.name))
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith("This role lacks a right: for a change of the schema, set MIGRATE_DATABASE_URL")
    assert len(errors.splitlines()) == 1
