"""What is written down about runs and steps."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from ops.migrating.executor import GuardedExecutor
from ops.migrating.history import History
from ops.migrating.source import PROJECT_APPS, source_digest
from tests.databases import PROJECT, Database

Migrate = Callable[..., tuple[int, str]]


def test_a_database_made_from_nothing_has_a_step_of_every_migration(live_database: Database) -> None:
    """Those too that came before the table that the steps are in."""
    loader = MigrationLoader(connection)
    steps = live_database.rows("SELECT * FROM migration_steps ORDER BY id")
    assert {(step["app"], step["name"]) for step in steps} == set(loader.graph.nodes)
    assert len(steps) == len(loader.graph.nodes)
    # They come as early as can be.
    assert {step["app"] for step in steps[: [step["app"] for step in steps].index("ops")]} == {"database"}
    for step in steps:
        assert bytes(step["source_sha256"]) == source_digest(loader.graph.nodes[step["app"], step["name"]])
        assert (step["direction"], step["result"], step["error"]) == ("forwards", "applied", "")
    nothing = hashlib.sha256().digest()
    assert {step["app"] for step in steps if bytes(step["sql_sha256"]) != nothing} >= PROJECT_APPS


def test_a_run_says_when_where_and_of_which_code(live_database: Database) -> None:
    [run] = live_database.rows("SELECT * FROM migration_runs")
    assert (run["direction"], run["result"], run["error"]) == ("forwards", "done", "")
    assert run["finished_at"] > run["started_at"]
    assert run["host"]
    if (PROJECT / ".git").exists():
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=True)
        assert len(run["code_revision"].removesuffix("-dirty")) == len(head.stdout.strip())


def test_the_system_events_get_a_line(live_database: Database) -> None:
    [event] = live_database.rows("SELECT * FROM system_events WHERE event_type = 'migration_completed'")
    [run] = live_database.rows("SELECT id FROM migration_runs")
    count = len(MigrationLoader(connection).graph.nodes)
    assert event["message"].startswith(f"{count} migrations applied in ")
    assert (event["service"], event["details"]["run"]) == ("migrate", str(run["id"]))
    assert len(event["details"]["migrations"]) == count


def test_a_run_without_work_leaves_nothing(migrate: Migrate, fresh_database: Database) -> None:
    before = fresh_database.rows("SELECT * FROM migration_runs")
    assert migrate("trading") == (0, migrate("trading")[1])
    assert fresh_database.rows("SELECT * FROM migration_runs") == before


def test_the_same_sql_has_the_same_digest_and_a_step_back_another(migrate: Migrate, fresh_database: Database) -> None:
    for target in ("0004", "0003", "0004"):
        assert migrate("shop", target)[0] == 0
    rows = fresh_database.rows("SELECT result, sql_sha256 FROM migration_steps WHERE name = '0004_stock' ORDER BY id")
    assert [row["result"] for row in rows] == ["applied", "unapplied", "applied"]
    digests = [bytes(row["sql_sha256"]) for row in rows]
    assert digests[0] == digests[2] != digests[1]


def test_a_migration_that_is_only_recorded_is_written_down_as_such(migrate: Migrate, fresh_database: Database) -> None:
    assert migrate("shop", "--fake")[0] == 0
    rows = fresh_database.rows("SELECT DISTINCT result FROM migration_steps WHERE app = 'shop'")
    assert rows == [{"result": "faked"}]
    assert fresh_database.rows("SELECT to_regclass('shop_item') AS made") == [{"made": None}]


def test_its_own_tables_go_and_come_back(live_database: Database) -> None:
    """What was applied meanwhile is taken as it is."""
    call_command("migrate", "ops", "zero", interactive=False, verbosity=0)
    assert live_database.rows("SELECT to_regclass('migration_runs') AS runs") == [{"runs": None}]
    call_command("migrate", interactive=False, verbosity=0)
    steps = live_database.rows("SELECT app, result FROM migration_steps")
    assert {step["result"] for step in steps if step["app"] == "ops"} == {"applied"}
    assert len(steps) == len(MigrationLoader(connection).graph.nodes)
    assert {step["result"] for step in steps if step["app"] != "ops"} == {"accepted"}


def test_timing_shows_what_each_migration_cost(live_database: Database) -> None:
    output = StringIO()
    call_command("showmigrations", "trading", "--timing", stdout=output)
    heading, *lines = output.getvalue().splitlines()
    assert heading.split() == ["migration", "applied", "ms", "attempts", "lock", "wait", "ms", "code"]
    assert {line.split()[0] for line in lines} == {
        f"trading.{name}" for app, name in MigrationLoader(connection).graph.nodes if app == "trading"
    }
    _, _, _, milliseconds, attempts, waited = lines[0].split()[:6]
    assert int(milliseconds.replace(",", "")) > 0
    assert (int(attempts), int(waited)) >= (1, 0)
    output = StringIO()
    call_command("showmigrations", "trading", "--timing", "--json", stdout=output)
    first = json.loads(output.getvalue())["migrations"][0]
    assert (first["app"], first["name"], first["attempts"]) == ("trading", "0001_schema", 1)


def test_sql_files_belong_to_the_source(tmp_path: Path, live_database: Database) -> None:
    executor = GuardedExecutor(connection, history=History("default"))
    migration = executor.loader.graph.nodes["ops", "0001_migration_runs"]
    before = source_digest(migration)
    operation = migration.operations[-1]
    operation.sql += " -- changed"
    try:
        assert source_digest(migration) != before
    finally:
        operation.sql = operation.sql.removesuffix(" -- changed")
