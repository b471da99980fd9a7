"""Models that are rendered less often than Django would still know each other where it counts."""

from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations import AddConstraint, AlterField, CreateModel, Migration, RunPython
from django.db.migrations.operations.base import Operation

from config.database.owner import connected_as_owner
from ops.migrating.executor import GuardedExecutor
from ops.migrating.state import LeanState
from tests.databases import Database


def named(name: str) -> AddConstraint:
    """A change of `Owner` alone: `Item` is not rendered again."""
    return AddConstraint("Owner", models.CheckConstraint(condition=models.Q(id__gt=0), name=name))


def write_rows(apps: Any, editor: Any) -> None:
    """Fails where an item refers to another class of owner than the one that the migration gets."""
    owner = apps.get_model("store", "Owner").objects.create()
    apps.get_model("store", "Item").objects.create(owner=owner)
    assert owner.item_set.count() == 1


OPERATIONS: list[Operation] = [
    CreateModel("Owner", [("id", models.AutoField(primary_key=True))]),
    CreateModel(
        "Item", [("id", models.AutoField(primary_key=True)), ("owner", models.ForeignKey("Owner", models.PROTECT))]
    ),
    named("store_owner_first_check"),
    RunPython(write_rows),
    named("store_owner_second_check"),
    # The column that refers to it follows.
    AlterField("Owner", "id", models.BigAutoField(primary_key=True)),
    named("store_owner_third_check"),
]


@pytest.fixture
def applied(live_database: Database) -> LeanState:
    # One migration each: PostgreSQL alters no table with rows whose checks are still to come.
    with connected_as_owner():
        executor = GuardedExecutor(connection)
        state: Any = executor._create_project_state()
        _ = state.apps
        for number, operation in enumerate(OPERATIONS):
            migration = Migration(f"000{number}_change", "store")
            migration.operations = [operation]  # type: ignore[misc]
            state = executor.apply_migration(state, migration)
    assert isinstance(state, LeanState)
    return state


def test_rows_and_columns_follow_a_model_that_changed_alone(applied: LeanState, live_database: Database) -> None:
    assert live_database.rows("SELECT count(*) AS items FROM store_item") == [{"items": 1}]
    [column] = live_database.rows(
        "SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute"
        " WHERE attrelid = 'store_item'::regclass AND attname = 'owner_id'"
    )
    assert column == {"type": "bigint"}


def test_the_changed_model_is_rendered_and_the_others_are_not(applied: LeanState) -> None:
    before = applied.clone()
    named("store_owner_fourth_check").state_forwards("store", applied)
    assert len(applied.apps.get_model("store", "Owner")._meta.constraints) == 4
    assert len(before.apps.get_model("store", "Owner")._meta.constraints) == 3
    assert applied.apps.get_model("store", "Item") is before.apps.get_model("store", "Item")
    applied.clear_delayed_apps_cache()
    assert applied.apps.get_model("store", "Item") is not before.apps.get_model("store", "Item")
