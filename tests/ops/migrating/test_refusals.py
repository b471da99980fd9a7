"""Code and database that do not belong together."""

from collections.abc import Callable

import pytest
from django.core.management import call_command

from config.commands import Failed
from config.database.operations import AddIndexesConcurrently
from tests.databases import Database

Migrate = Callable[..., tuple[int, str]]
FUTURE = "INSERT INTO django_migrations (app, name, applied) VALUES ('trading', '9999_future', now())"
#: As if the file had been another one when it was applied.
EDITED = """
    INSERT INTO migration_steps
           (run_id, app, name, direction, result, duration_ms, attempts, lock_wait_ms, source_sha256)
    SELECT run_id, app, name, direction, result, duration_ms, attempts, lock_wait_ms, sha256('another')
      FROM migration_steps WHERE app = 'trading' AND name = '0001_schema'
"""


def test_a_database_ahead_of_the_code_is_left_alone(migrate: Migrate, fresh_database: Database) -> None:
    fresh_database.rows(FUTURE)
    code, output = migrate("shop")
    assert code == Failed.returncode
    assert output.strip() == (
        "The database is ahead of this code: trading.9999_future is applied, and no file here makes it."
        " Deploy the newer code, or go on with --allow-ahead."
    )
    assert fresh_database.rows("SELECT to_regclass('shop_item') AS made") == [{"made": None}]
    assert migrate("shop", "--allow-ahead")[0] == 0


def test_a_gap_in_the_record_is_one_sentence(live_database: Database) -> None:
    live_database.rows("DELETE FROM django_migrations WHERE (app, name) = ('trading', '0001_schema')")
    for options in ({}, {"dry_run": True}, {"plan": True}):
        with pytest.raises(Failed, match=r"^The record of migrations has a gap.* migrate_repair --dry-run") as refused:
            call_command("migrate", interactive=False, verbosity=0, **options)
        assert "\n" not in str(refused.value)


def test_a_migration_that_cannot_be_taken_back_is_one_sentence(
    live_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AddIndexesConcurrently, "reversible", False)
    with pytest.raises(Failed, match=r"0003_transaction_index is not reversible, so that migration .* stay applied\.$"):
        call_command("migrate", "ops", "0002", interactive=False, verbosity=0)
    assert live_database.rows("SELECT to_regclass('migration_steps_txid_idx') IS NOT NULL AS kept") == [{"kept": True}]


def test_an_older_server_starts_while_there_is_nothing_to_do(live_database: Database) -> None:
    live_database.rows(FUTURE)
    with pytest.raises(Failed, match="ahead of this code"):
        call_command("migrate", interactive=False, verbosity=0)
    call_command("migrate", interactive=False, verbosity=0, allow_ahead_if_idle=True)
    live_database.rows(
        "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE name <> '9999_future')"
    )
    with pytest.raises(Failed, match="ahead of this code"):
        call_command("migrate", interactive=False, verbosity=0, allow_ahead_if_idle=True)


def test_records_of_the_future_can_be_pruned(live_database: Database) -> None:
    live_database.rows(FUTURE)
    call_command("migrate", "trading", "--prune", interactive=False, verbosity=0)
    assert live_database.rows("SELECT 1 AS found FROM django_migrations WHERE name = '9999_future'") == []


def test_an_edited_migration_is_refused_until_it_is_accepted(migrate: Migrate, fresh_database: Database) -> None:
    fresh_database.rows(EDITED)
    code, output = migrate("shop")
    assert code == Failed.returncode
    assert output.startswith("Applied migrations were edited: trading.0001_schema.")
    assert fresh_database.rows("SELECT to_regclass('shop_item') AS made") == [{"made": None}]
    assert migrate("shop", "0001", "--allow-edited")[0] == 0
    assert migrate("shop")[0] == 0
    accepted = fresh_database.rows("SELECT app, name FROM migration_steps WHERE result = 'accepted'")
    assert accepted == [{"app": "trading", "name": "0001_schema"}]


def test_an_edited_migration_is_accepted_without_any_work(live_database: Database) -> None:
    live_database.rows(EDITED)
    call_command("migrate", "--allow-edited", interactive=False, verbosity=0)
    call_command("migrate", interactive=False, verbosity=0)
    [run] = live_database.rows("SELECT result FROM migration_runs ORDER BY started_at DESC LIMIT 1")
    assert run["result"] == "done"
