"""`check_schema` as it is called."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command

from config.commands import EnvironmentFailed, VerificationFailed
from config.database.owner import connected_to
from config.database.scratch import Server
from ops.drift import check, read_catalog
from ops.drift.reference import remember
from ops.migrating.executor import GuardedExecutor
from tests.databases import Database
from tests.ops.drift.conftest import WRITTEN_BY_MIGRATIONS

APPEND_ONLY = "journals FOR EACH ROW EXECUTE FUNCTION refuse_change()"


@pytest.fixture
def known_reference(live_database: Database, settings: LazySettings, tmp_path: Path) -> Path:
    """A folder in which the reference is: what the migrations gave this database."""
    settings.SCHEMA_REFERENCE_DIR = tmp_path / "references"
    with live_database.connect(owner=True) as connection:
        remember(read_catalog(connection, rows_of=WRITTEN_BY_MIGRATIONS))
    return tmp_path / "references"


def test_migrated_database_is_what_a_replay_gives(
    live_database: Database, settings: LazySettings, tmp_path: Path
) -> None:
    settings.SCHEMA_REFERENCE_DIR = tmp_path / "references"
    made = check()
    assert made.differences == ()
    assert (made.pending, made.reference.cached) == ((), False)
    known = check()
    assert known.differences == ()
    assert known.reference.cached
    assert known.reference.catalog == made.reference.catalog
    assert known.seconds < 10
    assert sorted(made.reference.catalog.rows) == WRITTEN_BY_MIGRATIONS
    with Server.of_settings().connect() as session:
        left = session.execute("SELECT datname FROM pg_database WHERE datname ~ '^trading_reference_'").fetchall()
    assert [name for (name,) in left if f"_{os.getpid()}_" in name] == []


def test_command_tells_drift_by_its_exit_code(live_database: Database, known_reference: Path) -> None:
    call_command("check_schema")
    live_database.rows("ALTER TABLE journals DISABLE TRIGGER journals_append_only")
    live_database.rows("CREATE EXTENSION citext")
    with pytest.raises(VerificationFailed, match="2 differences"):
        call_command("check_schema")
    result = live_database.manage(
        "check_schema", "--json", "--ignore", "extension c*", env={"SCHEMA_REFERENCE_DIR": str(known_reference)}
    )
    assert result.returncode == 4, result.stderr
    report = json.loads(result.stdout)
    assert (report["drift"], report["ignored"], report["reference"]["cached"]) == (1, 1, True)
    assert report["differences"] == [
        {
            "kind": "trigger",
            "name": "journals_append_only of journals",
            "problem": "changed",
            "fact": "enabled",
            "expected": "yes",
            "found": "no",
            "remedy": "ALTER TABLE journals ENABLE TRIGGER journals_append_only;",
        }
    ]
    assert result.stderr.startswith("The schema has drifted: 1 difference from")
    live_database.rows(report["differences"][0]["remedy"])
    call_command("check_schema", ignore=["extension citext"])


def test_text_names_the_object_both_values_and_the_way_back(
    live_database: Database, known_reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live_database.rows("ALTER TABLE orders ALTER status SET STATISTICS 10")
    live_database.rows(
        "CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS"
        " $$\nBEGIN\n  RETURN NEW;\nEND\n$$"
    )
    live_database.rows(
        "CREATE OR REPLACE TRIGGER journals_append_only BEFORE DELETE ON journals"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    with pytest.raises(VerificationFailed):
        call_command("check_schema")
    assert capsys.readouterr().out.splitlines() == [
        "changed column orders.status: statistics target should be 1000, is 10",
        "    → ALTER TABLE orders ALTER COLUMN status SET STATISTICS 1000;",
        "changed function set_updated_at(): body",
        "    @@ -2,3 +2,2 @@",
        "     BEGIN",
        "    -  NEW.updated_at := now();",
        "       RETURN NEW;",
        "    → CREATE OR REPLACE FUNCTION public.set_updated_at() …",
        "changed trigger journals_append_only of journals: definition",
        f"    -CREATE TRIGGER journals_append_only BEFORE DELETE OR UPDATE ON {APPEND_ONLY}",
        f"    +CREATE TRIGGER journals_append_only BEFORE DELETE ON {APPEND_ONLY}",
        f"    → CREATE OR REPLACE TRIGGER journals_append_only BEFORE DELETE OR UPDATE ON {APPEND_ONLY};",
    ]


def test_pending_migrations_are_no_drift(
    live_database: Database, empty_database: Database, settings: LazySettings, tmp_path: Path
) -> None:
    settings.SCHEMA_REFERENCE_DIR = tmp_path
    with connected_to(empty_database.name) as connection:
        GuardedExecutor(connection).migrate([("contenttypes", "0001_initial")])
        report = check()
    assert report.differences == ()
    assert "contenttypes.0002_remove_content_type_name" in report.pending


def test_unknown_migration_is_drift(live_database: Database, known_reference: Path) -> None:
    live_database.rows("INSERT INTO django_migrations (app, name, applied) VALUES ('trading', '9999_later', now())")
    (difference,) = check().differences
    assert (difference.kind, difference.name, difference.problem) == ("migration", "trading.9999_later", "unexpected")


def test_gap_in_the_record_is_drift(live_database: Database, known_reference: Path) -> None:
    live_database.rows("DELETE FROM django_migrations WHERE (app, name) = ('trading', '0001_schema')")
    (difference,) = check().differences
    assert (difference.kind, difference.name, difference.problem) == ("migration", "trading.0001_schema", "missing")


def test_without_the_right_to_make_databases_there_is_nothing_to_compare_with(
    live_database: Database, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SCHEMA_REFERENCE_DIR = tmp_path
    # A login of its own that may read, and nothing else.
    owner: dict[str, Any] = settings.OWNER_DATABASE
    login = {
        "USER": settings.DATABASES["default"]["USER"],
        "PASSWORD": settings.DATABASES["default"].get("PASSWORD", ""),
    }
    options = {**owner["OPTIONS"], "options": "-c role=trading_app"}
    settings.OWNER_DATABASE = {**owner, **login, "OPTIONS": options}
    with pytest.raises(EnvironmentFailed, match="nothing to compare with: permission denied to create database"):
        check()
    assert list(tmp_path.iterdir()) == []
