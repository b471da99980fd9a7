"""What interrupted changes of the schema leave is put right."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from config.commands import Failed, UsageFailed, VerificationFailed
from tests.databases import Database

INVALID = "CREATE UNIQUE INDEX CONCURRENTLY probe_owner_uniq ON probe (owner)"


def repair(*arguments: str) -> dict[str, dict[str, Any]]:
    """What the command says, by the name of what is repaired."""
    output = StringIO()
    try:
        call_command("migrate_repair", "--json", *arguments, stdout=output, stderr=StringIO())
    finally:
        rows = json.loads(output.getvalue())["repairs"]
    return {row["name"]: row for row in rows}


@pytest.fixture
def broken(live_database: Database) -> Database:
    """An invalid index, a rule nobody has proved, a partition half detached, another half made, records twice."""
    live_database.rows("CREATE TABLE probe (id bigint PRIMARY KEY, owner int, price int)")
    live_database.rows("INSERT INTO probe VALUES (1, 1, 1), (2, 1, 1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        live_database.rows(INVALID)
    live_database.rows("UPDATE probe SET owner = id")
    live_database.rows("ALTER TABLE probe ADD CONSTRAINT probe_price_check CHECK (price > 0) NOT VALID")
    live_database.rows("CREATE TABLE parted (at date NOT NULL) PARTITION BY RANGE (at)")
    live_database.rows("CREATE TABLE parted_2023 PARTITION OF parted FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')")
    live_database.rows("INSERT INTO parted VALUES ('2023-03-03')")
    live_database.rows("CREATE TABLE parted_2024 (at date NOT NULL)")
    _interrupt_detaching(live_database)
    live_database.rows("DROP INDEX django_migrations_app_name_uniq")
    live_database.rows(
        "INSERT INTO django_migrations (app, name, applied) SELECT app, name, now() FROM django_migrations"
    )
    return live_database


def _interrupt_detaching(database: Database) -> None:
    """Its second transaction waits for whoever used the table, and is cancelled."""
    with (
        database.connect(owner=True, autocommit=False) as reader,
        database.connect(owner=True) as owner,
    ):
        reader.execute("SELECT FROM parted")
        owner.execute("SET statement_timeout = '300ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            owner.execute("ALTER TABLE parted DETACH PARTITION parted_2023 CONCURRENTLY")
        reader.rollback()


def test_a_whole_schema_needs_no_repair(live_database: Database) -> None:
    assert repair() == {}


def test_the_plan_changes_nothing_and_its_repairs_put_all_right(broken: Database) -> None:
    planned = repair("--dry-run")
    assert {name: row["kind"] for name, row in planned.items()} == {
        "probe_owner_uniq": "invalid-index",
        "probe_price_check": "unvalidated-constraint",
        "parted_2023": "half-made-partition",
        "parted_2024": "half-made-partition",
        "django_migrations": "records-not-unique",
    }
    assert {row["result"] for row in planned.values()} == {"planned"}
    assert repair("--dry-run") == planned
    done = repair()
    assert {name: row["result"] for name, row in done.items()} == dict.fromkeys(planned, "done")
    assert repair() == {}
    assert broken.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'probe_owner_uniq'::regclass") == [
        {"indisvalid": True}
    ]
    [state] = broken.rows("SELECT relispartition FROM pg_class WHERE relname = 'parted_2023'")
    assert state == {"relispartition": False}


def test_what_cannot_be_put_right_is_said_and_the_rest_is_done(broken: Database) -> None:
    broken.rows("ALTER TABLE probe DROP CONSTRAINT probe_price_check")
    broken.rows("INSERT INTO probe VALUES (3, 1, -1)")
    broken.rows("ALTER TABLE probe ADD CONSTRAINT probe_price_check CHECK (price > 0) NOT VALID")
    broken.rows("CREATE TABLE parted_2022 PARTITION OF parted FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')")
    broken.rows("CREATE INDEX parted_at_idx ON ONLY parted (at)")
    with pytest.raises(Failed, match=r"^Not repaired: probe_owner_uniq, probe_price_check"):
        repair()
    broken.rows("UPDATE probe SET owner = id, price = 1")
    with pytest.raises(VerificationFailed, match=r"^Only a person can decide about parted_at_idx"):
        repair()
    left = repair_left()
    assert [row["name"] for row in left] == ["parted_at_idx"]


def repair_left() -> list[dict[str, Any]]:
    output = StringIO()
    with pytest.raises(VerificationFailed):
        call_command("migrate_repair", "--json", "--dry-run", stdout=output, stderr=StringIO())
    return list(json.loads(output.getvalue())["repairs"])


#: Its indexes are all that it makes.
UNRECORDED = ("ops", "0003_transaction_index")


def test_a_migration_that_ran_without_its_record_is_recorded(live_database: Database) -> None:
    live_database.rows("DELETE FROM django_migrations WHERE (app, name) = (%s, %s)", UNRECORDED)
    found = repair("--dry-run")
    assert found["ops.0003_transaction_index"]["kind"] == "unrecorded-migration"
    assert repair()["ops.0003_transaction_index"]["result"] == "done"
    assert live_database.rows("SELECT 1 AS found FROM django_migrations WHERE (app, name) = (%s, %s)", UNRECORDED)
    [step] = live_database.rows(
        "SELECT result FROM migration_steps WHERE (app, name) = (%s, %s) ORDER BY id DESC LIMIT 1", UNRECORDED
    )
    assert step == {"result": "faked"}


def test_a_migration_of_which_not_all_can_be_seen_is_left_to_the_baseline(
    live_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    live_database.rows("DELETE FROM django_migrations WHERE (app, name) = ('trading', '0001_schema')")
    live_database.rows("DELETE FROM django_migrations WHERE app = 'ops'")
    with pytest.raises(VerificationFailed, match=r"^Only a person can decide about ops\.0001_migration_runs"):
        call_command("migrate_repair", "--dry-run")
    lines = capsys.readouterr().out.splitlines()
    told = {line.split(":")[0] for line in lines}
    assert told == {
        "perhaps-unrecorded-migration ops.0001_migration_runs",
        "perhaps-unrecorded-migration ops.0002_transaction_number",
        "unrecorded-migration ops.0003_transaction_index",
        "unrecorded-migration trading.0001_schema",
    }
    assert sum(line.endswith("if the schema as a whole is what the migrations make.") for line in lines) == 2


def test_a_migration_that_is_really_to_be_applied_is_left_to_migrate(live_database: Database) -> None:
    call_command("migrate", "ops", "0002", interactive=False, verbosity=0)
    assert repair("--dry-run") == {}
    call_command("migrate", interactive=False, verbosity=0)


Migrate = Callable[..., tuple[int, str]]


def test_a_dry_run_shows_sql_and_locks_and_changes_nothing(migrate: Migrate, fresh_database: Database) -> None:
    code, output = migrate("shop", "--dry-run")
    assert code == 0, output
    lines = output.splitlines()
    assert lines[0] == "-- Apply shop.0001_items (one transaction)"
    assert "-- Apply shop.0003_price_index (statement by statement)" in lines
    index = next(number for number, line in enumerate(lines) if "shop_item_price_idx" in line)
    assert lines[index].startswith("CREATE INDEX CONCURRENTLY")
    # The table is made in the same run: nobody else knows it.
    assert lines[index - 1] == "-- no lock that others meet"
    assert fresh_database.rows("SELECT to_regclass('shop_item') AS made") == [{"made": None}]
    code, output = migrate("shop", "--dry-run", "--json")
    first = json.loads(output)["migrations"][0]
    assert (first["name"], first["backwards"], first["atomic"]) == ("shop.0001_items", False, True)
    assert first["statements"][0].keys() == {"sql", "locks"}
    assert migrate("shop", "--json")[0] == UsageFailed.returncode
    assert migrate("shop", "0003")[0] == 0
    code, output = migrate("shop", "--dry-run")
    assert "-- ACCESS EXCLUSIVE on shop_item" in output.splitlines()
    code, output = migrate("shop", "0002", "--dry-run")
    assert "-- Unapply shop.0003_price_index (statement by statement)" in output.splitlines()
    assert code == 0
    assert len(fresh_database.rows("SELECT 1 AS found FROM django_migrations WHERE app = 'shop'")) == 3
