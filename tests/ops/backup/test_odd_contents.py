"""What an application seldom has, and a backup brings back and compares all the same."""

from contextlib import closing

from psycopg.rows import tuple_row

from ops.backup import contents
from ops.backup.drill import drill
from ops.backup.dump import back_up
from ops.backup.store import Store
from tests.databases import Database
from tests.ops.backup.test_verify_drill import doctored


def test_large_objects_are_compared(broker: Database, store: Store) -> None:
    with closing(broker.connect(owner=True)) as owner:
        owner.row_factory = tuple_row  # type: ignore[assignment]
        made = owner.execute(
            "SELECT lo_from_bytea(0, decode(repeat('00ff', 1500000), 'hex')), lo_from_bytea(0, '')"
        ).fetchone()
        try:
            backup = back_up(store)
            assert backup.sound["large_objects"]["rows"] == 2
            assert drill(store, backup)["problems"] == []
            with owner.transaction():
                before = contents.large_objects(owner)  # type: ignore[arg-type]
                owner.execute("SELECT lo_put(%s, 2200000, 'X')", [made[0]])
                assert contents.large_objects(owner) != before  # type: ignore[arg-type]
            doctored(backup, large_objects={"rows": 2, "hash": "1"})
            assert "the large objects are others" in drill(store, store.get(backup.id))["problems"][0]
        finally:
            owner.execute("SELECT lo_unlink(%s), lo_unlink(%s)", made)


def test_names_with_dots_stand_for_one_table_each(broker: Database, store: Store) -> None:
    with closing(broker.connect(owner=True)) as owner:
        owner.execute('CREATE SCHEMA a; CREATE TABLE a."b.c" AS SELECT 1 AS x')
        owner.execute('CREATE SCHEMA "a.b"; CREATE TABLE "a.b".c AS SELECT generate_series(1, 2) AS x')
        try:
            backup = back_up(store)
            rows = {
                key: table["rows"] for key, table in backup.sound["tables"].items() if key.lstrip('"').startswith("a")
            }
            assert (rows['a."b.c"'], rows['"a.b".c']) == (1, 2)
            assert drill(store, backup)["problems"] == []
        finally:
            owner.execute('DROP SCHEMA a, "a.b" CASCADE')
