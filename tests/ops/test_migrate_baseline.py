"""A database that has the schema and no record of it is taken over as it is, or not at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connections

from config.commands import Locked, UsageFailed, VerificationFailed
from config.database.locks import exclusive
from config.database.owner import connected_as_owner
from ops.drift import read_catalog
from ops.drift.reference import remember
from tests.databases import Database
from tests.ops.drift.conftest import WRITTEN_BY_MIGRATIONS


@pytest.fixture
def adopted(live_database: Database, settings: LazySettings, tmp_path: Path) -> Iterator[Database]:
    """A migrated database; what its migrations make is known."""
    settings.SCHEMA_REFERENCE_DIR = tmp_path
    with live_database.connect(owner=True) as connection:
        remember(read_catalog(connection, rows_of=WRITTEN_BY_MIGRATIONS))
    yield live_database
    connections["default"].close()


def record(database: Database) -> list[tuple[str, str]]:
    rows = database.rows("SELECT app, name FROM django_migrations ORDER BY app, name")
    return [(row["app"], row["name"]) for row in rows]


@pytest.mark.parametrize(
    "lost",
    [
        "DELETE FROM django_migrations",
        "DELETE FROM django_migrations WHERE app IN ('trading', 'risk')",
        "DROP TABLE django_migrations",
    ],
)
def test_record_is_made_where_the_schema_is_right(
    adopted: Database, lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = record(adopted)
    adopted.rows(lost)
    call_command("migrate_baseline", dry_run=True, json_output=True)
    planned = json.loads(capsys.readouterr().out)
    assert (planned["dry_run"], planned["drift"]) == (True, 0)
    assert len(planned["recorded"]) == len(before) - planned["recorded_before"]
    call_command("migrate_baseline", json_output=True)
    assert json.loads(capsys.readouterr().out)["recorded"] == planned["recorded"]
    assert record(adopted) == before
    steps = adopted.rows("SELECT app || '.' || name AS name FROM migration_steps WHERE result = 'faked' ORDER BY id")
    assert [step["name"] for step in steps] == planned["recorded"]
    capsys.readouterr()
    call_command("check_schema")
    assert capsys.readouterr().out.startswith("No drift")
    call_command("migrate", check_unapplied=True, verbosity=0)
    capsys.readouterr()
    call_command("migrate_baseline")
    assert capsys.readouterr().out == f"Nothing to record: all {len(before)} migrations are.\n"


@pytest.mark.parametrize(
    ("drift", "told"),
    [
        (
            "ALTER TABLE journals DISABLE TRIGGER journals_append_only",
            "changed trigger journals_append_only of journals",
        ),
        ("DROP INDEX orders_parent_order_idx", "missing index orders_parent_order_idx"),
        (
            "DELETE FROM order_status_transitions WHERE from_status = 'suspended' AND to_status = 'expired'",
            "missing row order_status_transitions: suspended, expired",
        ),
    ],
)
def test_drift_is_told_and_nothing_is_recorded(
    adopted: Database, drift: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    adopted.rows("DELETE FROM django_migrations WHERE app <> 'contenttypes'")
    before = record(adopted)
    adopted.rows(drift)
    with pytest.raises(VerificationFailed, match=r"Nothing was recorded: .* in 1 point\."):
        call_command("migrate_baseline")
    assert capsys.readouterr().out.startswith(told)
    assert record(adopted) == before


def test_migration_that_the_code_does_not_know_is_told(adopted: Database, capsys: pytest.CaptureFixture[str]) -> None:
    adopted.rows("DELETE FROM django_migrations WHERE app = 'risk'")
    adopted.rows("INSERT INTO django_migrations (app, name, applied) VALUES ('risk', '9999_later', now())")
    with pytest.raises(VerificationFailed):
        call_command("migrate_baseline")
    assert capsys.readouterr().out == "unexpected migration risk.9999_later\n"
    assert [name for app, name in record(adopted) if app == "risk"] == ["9999_later"]


def test_it_waits_for_a_migration(adopted: Database) -> None:
    adopted.rows("DELETE FROM django_migrations WHERE app = 'risk'")
    with (
        connected_as_owner(),
        exclusive("migrate", what="Another migration"),
        pytest.raises(Locked, match="Another migration is running"),
    ):
        call_command("migrate_baseline", lock_wait=0)
    assert "risk" not in dict(record(adopted))


def test_empty_database_is_no_business_of_it(empty_database: Database, adopted: Database) -> None:
    default = connections["default"]
    default.close()
    default.settings_dict["NAME"] = empty_database.name
    try:
        with pytest.raises(UsageFailed, match="no tables to take over: run migrate"):
            call_command("migrate_baseline")
    finally:
        default.close()
        default.settings_dict["NAME"] = adopted.name
    assert empty_database.rows("SELECT to_regclass('django_migrations') AS made") == [{"made": None}]
