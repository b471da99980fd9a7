"""Behind PgBouncer in transaction mode, with one session for everybody, nobody writes under another's name."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import databases
from tests.databases import Database

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

CLIENT = """
import sys, threading, uuid
import django
django.setup()
from django.db import connection, transaction
from audit.context import acting
from risk.models import StressTestScenario

def write(number):
    mine = StressTestScenario.objects.filter(scenario_name="pooled")
    user = uuid.UUID(int=number)
    for turn in range(12):
        with acting(user=user, reason=str(number)):
            if turn % 3 == 0:
                mine.update(description=f"{number} {turn}")
            elif turn % 3 == 1:
                with transaction.atomic():
                    mine.update(description=f"{number} {turn} a")
                    with transaction.atomic():
                        mine.update(description=f"{number} {turn} b")
            else:
                with connection.cursor() as cursor:
                    texts = [[f"{number} {turn} c"], [f"{number} {turn} d"]]
                    cursor.executemany("UPDATE stress_test_scenarios SET description = %s", texts)
        mine.update(description=f"nobody {number} {turn}")
    connection.close()

threads = [threading.Thread(target=write, args=[number]) for number in (1, 2, 3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.fixture
def pooler(fresh_database: Database) -> Iterator[str]:
    """The address of a PgBouncer whose pool has one session."""
    if PGBOUNCER is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer)")
    folder = Path(tempfile.mkdtemp(prefix="trading-bouncer-"))
    login = databases.login(fresh_database.name)
    server = " ".join(f"{key}={login[key]}" for key in ("host", "port", "user", "password", "dbname") if key in login)
    (folder / "users.txt").write_text(f'"{login["user"]}" ""\n')
    (folder / "bouncer.ini").write_text(
        f"[databases]\npooled = {server} pool_size=1\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n"
        f"unix_socket_dir = {folder}\npool_mode = transaction\nauth_type = any\nauth_file = {folder}/users.txt\n"
        "ignore_startup_parameters = options,extra_float_digits\nserver_reset_query =\nquery_wait_timeout = 60\n"
    )
    folder.chmod(0o777)
    # PgBouncer does not run as root; the server's socket may be closed to all but the server's own user.
    place = Path(str(login.get("host", "/")))
    options: dict[str, Any] = {"user": place.owner() if place.is_dir() else "nobody"} if os.getuid() == 0 else {}
    process = subprocess.Popen(
        [PGBOUNCER, "-q", str(folder / "bouncer.ini")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 20
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None, "PgBouncer has ended"
            assert time.monotonic() < deadline, "PgBouncer does not listen"
            time.sleep(0.05)
        yield f"postgresql://{login['user']}@/pooled?host={folder}&port=6432"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def test_no_write_gets_another_users_name(pooler: str, fresh_database: Database) -> None:
    shocks = """INSERT INTO stress_test_scenarios (scenario_name, scenario_type, market_shocks)
        VALUES ('pooled', 'custom', '{"spread": 1}')"""
    fresh_database.rows(shocks, owner=False)
    with psycopg.connect(pooler, autocommit=True) as plain:
        backends = {plain.execute("SELECT pg_backend_pid()").fetchone() for _ in range(3)}
    assert len(backends) == 1
    environment = fresh_database.environment(
        DATABASE_URL=pooler, DB_TRANSACTION_POOLING="true", DB_PREPARED_STATEMENTS="false"
    )
    result = subprocess.run(
        [sys.executable, "-c", CLIENT],
        env=environment, cwd=databases.PROJECT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.stderr == ""
    rows = fresh_database.rows(
        "SELECT changes->'description'->>1 AS text, user_id, reason FROM audit_log"
        " JOIN audit_contexts ON (audit_contexts.txid, number) = (audit_log.txid, context_number)"
        " WHERE action = 'UPDATE'"
    )
    assert len(rows) == 3 * (4 + 4 * 2 + 4 * 2 + 12)
    for row in rows:
        author = row["text"].split()[0]
        assert (row["reason"], row["user_id"] and str(row["user_id"].int)) == (
            ("", None) if author == "nobody" else (author, author)
        )
