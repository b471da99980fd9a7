"""Every migration forwards, backwards, forwards again: a step back restores what was there before it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from config.database.owner import connected_as_owner
from tests.databases import Database
from tests.migrations.back_and_forth import BackAndForth
from tests.migrations.snapshot import ours, schema_of

PROJECT = {"database", "accounts", "trading", "liquidity", "risk", "audit", "ops"}


@pytest.fixture
def connection(empty_database: Database) -> Iterator[Any]:
    """Django's own connection, as the owner, to a database without any table."""
    default = connections["default"]
    default.close()
    before = default.settings_dict["NAME"]
    default.settings_dict["NAME"] = empty_database.name
    try:
        with connected_as_owner():
            yield default
    finally:
        default.close()
        default.settings_dict["NAME"] = before


def test_every_app_with_tables_of_its_own_is_tried() -> None:
    with_models = {config.label for config in apps.get_app_configs() if config.models and "." not in config.name}
    assert with_models <= PROJECT


def test_every_migration_goes_forwards_backwards_and_forwards_again(connection: Any) -> None:
    empty = ours(schema_of(connection))
    before: dict[str, set[str]] = {}
    not_restored: dict[str, list[str]] = {}

    def remember(action: str, migration: Any = None, fake: bool = False) -> None:
        if action == "apply_start" and str(migration) not in before:
            before[str(migration)] = ours(schema_of(connection))
        if action == "unapply_success" and migration.app_label in PROJECT:
            differences = before[str(migration)] ^ ours(schema_of(connection))
            if differences:
                not_restored[str(migration)] = sorted(differences)

    forwards = MigrationExecutor(connection, remember)
    targets = forwards.loader.graph.leaf_nodes()
    plan = forwards.migration_plan(targets)
    assert {migration.app_label for migration, _ in plan} >= PROJECT
    forwards.migrate(targets, plan)
    complete = ours(schema_of(connection))
    assert MigrationExecutor(connection).migration_plan(targets) == []

    backwards = BackAndForth(connection, remember)
    zero = [(label, None) for label in backwards.loader.migrated_apps]
    backwards.migrate(zero, [(migration, True) for migration, _ in reversed(plan)])
    assert not_restored == {}
    assert "\n".join(backwards.long) == ""
    assert ours(schema_of(connection)) == empty

    again = MigrationExecutor(connection)
    again.migrate(targets)
    assert ours(schema_of(connection)) == complete
