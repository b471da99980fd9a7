"""Changes of tables in use: whoever writes hardly notices, and an interrupted change is begun again and finishes."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations import CreateModel, Migration, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pgtrigger.compiler import Trigger

from config.database.online import (
    AddCheckOnline,
    AddForeignKeyOnline,
    AddUniqueOnline,
    AttachPartition,
    Backfill,
    ReplaceTrigger,
    SetNotNullOnline,
)
from config.database.operations import AddIndexesConcurrently
from config.database.owner import connected_as_owner
from config.database.triggers import SharedTriggerSql
from ops.migrating.executor import GuardedExecutor
from tests.databases import Database
from tests.migrations.snapshot import schema_of


def key(constraint: bool) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey("store.Owner", models.PROTECT, null=True, db_constraint=constraint, db_index=False)


def trigger(event: str) -> Trigger:
    sql = SharedTriggerSql(
        execute="set_updated_at()",
        func="",
        hash=event,
        operation=event,
        pgid="store_item_touch",
        table="store_item",
        when="BEFORE",
    )
    return Trigger(name="touch", sql=sql)


ROWS = 3000


def beginning(rows: int = ROWS) -> list[Operation]:
    """Tables with so many items."""
    return [
        CreateModel("Owner", [("id", models.BigAutoField(primary_key=True))]),
        CreateModel(
            "Item",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("code", models.BigIntegerField(null=True)),
                ("price", models.IntegerField(null=True)),
                ("updated_at", models.DateTimeField(null=True)),
                ("owner", key(constraint=False)),
            ],
            options={"triggers": [trigger("INSERT")]},
        ),
        RunSQL(
            f"""
            {trigger("INSERT").install_sql}
            INSERT INTO store_owner SELECT FROM generate_series(1, 5);
            INSERT INTO store_item (code, price, owner_id)
              SELECT n, n %% 9, n %% 5 + 1 FROM generate_series(1, {rows}) n;
            UPDATE store_item SET price = NULL WHERE id %% 3 = 0;
            GRANT SELECT, INSERT, UPDATE ON store_item TO trading_app;
            GRANT SELECT ON store_owner TO trading_app;
            CREATE TABLE store_log (at date NOT NULL, what text) PARTITION BY RANGE (at);
            CREATE TABLE store_log_first PARTITION OF store_log FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
            CREATE TABLE store_log_second (LIKE store_log);
            INSERT INTO store_log_second SELECT '2024-05-05' FROM generate_series(1, 100);
            GRANT SELECT, INSERT ON store_log TO trading_app;
            """.replace("%%", "%")
        ),
    ]


CHANGES: dict[str, Operation] = {
    "indexes": AddIndexesConcurrently(
        "item",
        [
            models.Index(fields=["price"], name="store_item_price_idx"),
            models.Index(fields=["owner", "code"], name="store_item_owner_idx"),
        ],
    ),
    "unique": AddUniqueOnline("item", models.UniqueConstraint(fields=["code"], name="store_item_code_uniq")),
    "unique with a condition": AddUniqueOnline(
        "item",
        models.UniqueConstraint(fields=["code"], condition=models.Q(price__gt=3), name="store_item_dear_uniq"),
    ),
    "check": AddCheckOnline(
        "item", models.CheckConstraint(condition=models.Q(price__gte=0), name="store_item_price_check")
    ),
    "foreign key": AddForeignKeyOnline("item", "owner", key(constraint=True)),
    "not null": SetNotNullOnline("item", "code", models.BigIntegerField()),
    "backfill": Backfill("item", assignments="price = 7", condition="price IS NULL"),
    "trigger": ReplaceTrigger("item", trigger("UPDATE")),
    "partition": AttachPartition("store_log", "store_log_second", column="at", start="2024-01-01", end="2025-01-01"),
}


#: How long a report stands in the way of each change (seconds).
BLOCKED = 0.8


class Interrupted(Exception):
    """As if the process had been killed."""


@pytest.fixture
def store(live_database: Database) -> Iterator[ProjectState]:
    """The tables, with rows, and the connection as the owner."""
    with connected_as_owner():
        state = ProjectState()
        with connection.schema_editor(atomic=True) as editor:
            first = Migration("0001_beginning", "store")
            first.operations = beginning()  # type: ignore[misc]
            state = first.apply(state, editor)
        yield state


def migration(operation: Operation) -> Migration:
    made = Migration("0002_change", "store")
    made.operations = [operation]  # type: ignore[misc]
    made.atomic = False
    return made


def forwards(state: ProjectState, operation: Operation) -> ProjectState:
    executor = GuardedExecutor(connection)
    with executor.short_time_outs():
        return executor.apply_migration(state.clone(), migration(operation))


def backwards(state: ProjectState, operation: Operation) -> None:
    executor = GuardedExecutor(connection)
    with executor.short_time_outs():
        executor.unapply_migration(state, migration(operation))


def interrupted(change: Callable[[], Any], after: int, *, done: bool) -> bool:
    """Run it until so many statements that write were begun, the last of them done or not; False if there are fewer."""
    seen = 0

    def wrapper(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal seen
        if str(sql).lstrip().startswith(("SELECT", "SET")):
            return execute(sql, params, many, context)
        seen += 1
        if seen == after and not done:
            raise Interrupted
        result = execute(sql, params, many, context)
        if seen == after:
            raise Interrupted
        return result

    try:
        with connection.execute_wrapper(wrapper):
            change()
    except Interrupted:
        return True
    return False


# One test tries all changes, because making the tables takes longer than changing them.


def test_what_was_interrupted_is_begun_again_and_finishes(store: ProjectState, subtests: pytest.Subtests) -> None:
    for name, operation in CHANGES.items():
        with subtests.test(name):
            assert_finishes(store, operation)


def assert_finishes(store: ProjectState, operation: Operation) -> None:
    before = schema_of(connection)
    forwards(store, operation)
    complete = schema_of(connection)
    backwards(store, operation)
    assert schema_of(connection) == before
    tried = 0
    for done in (False, True):
        statement = 1
        while interrupted(lambda: forwards(store, operation), statement, done=done):
            forwards(store, operation)
            assert schema_of(connection) == complete
            assert interrupted(lambda: backwards(store, operation), 1, done=True)
            backwards(store, operation)
            assert schema_of(connection) == before
            statement += 1
            tried += 1
        backwards(store, operation)
    assert tried >= 4


def test_names_may_hold_percent_signs_and_blanks(store: ProjectState) -> None:
    """But Django itself makes no CHECK of such a column."""
    making = CreateModel(
        "Odd",
        [
            ("id", models.BigAutoField(primary_key=True, db_column="key %s")),
            ("share", models.IntegerField(null=True, db_column="share %")),
        ],
        options={"db_table": "store odd %s"},
    )
    with connection.schema_editor(atomic=True) as editor:
        first = Migration("0001_odd", "store")
        first.operations = [making]  # type: ignore[misc]
        state = first.apply(store.clone(), editor)
        editor.execute('INSERT INTO "store odd %s" ("share %") SELECT nullif(n, 3) FROM generate_series(1, 9) n', None)
    filling = Backfill("odd", assignments='"share %" = 3', condition='"share %" IS NULL')
    forwards(state, filling)
    backwards(state, filling)
    before = schema_of(connection)
    for operation in (
        AddUniqueOnline("odd", models.UniqueConstraint(fields=["share"], name="store %s uniq")),
        SetNotNullOnline("odd", "share", models.IntegerField(db_column="share %")),
    ):
        forwards(state, operation)
        assert schema_of(connection) != before
        backwards(state, operation)
        assert schema_of(connection) == before


def test_a_partition_that_leaves_keeps_its_own_check(store: ProjectState) -> None:
    """PostgreSQL calls the CHECK with the bounds, which it leaves, by another name than that of the table's own."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE store_log_second ADD CHECK (at <> '2024-12-25')")
    before = schema_of(connection)
    forwards(store, CHANGES["partition"])
    backwards(store, CHANGES["partition"])
    assert schema_of(connection) == before


def test_every_row_is_filled_and_none_twice(store: ProjectState) -> None:
    forwards(store, CHANGES["backfill"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE price = 7), count(*) FILTER (WHERE price IS NULL) FROM store_item"
        )
        filled, missing = cursor.fetchone()
    # A third had no price; of the others every ninth had this one.
    assert (filled, missing) == (1000 + 333, 0)


def test_rows_that_others_have_locked_hold_up_no_other_rows(store: ProjectState, live_database: Database) -> None:
    """All other rows are filled while one is locked; that one when it is free."""
    missing = "SELECT count(*) AS rows FROM store_item WHERE price IS NULL"
    with live_database.connect(owner=True, autocommit=False) as other, ThreadPoolExecutor() as pool:
        other.execute("UPDATE store_item SET code = code WHERE id = 3")
        watching = pool.submit(_until, lambda: live_database.rows(missing) == [{"rows": 1}], other.commit)
        forwards(store, CHANGES["backfill"])
        assert watching.result()
    assert live_database.rows(missing) == [{"rows": 0}]


def _until(condition: Callable[[], bool], then: Callable[[], None]) -> bool:
    """Whether it came true within a minute; does `then` in any case."""
    deadline = time.monotonic() + 60
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    then()
    return met


def test_an_invalid_index_is_made_anew(store: ProjectState) -> None:
    """Rows that are twice there stop a unique index half-way."""
    operation = CHANGES["unique"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE store_item SET code = 1 WHERE id = 2")
        with pytest.raises(Exception, match="could not create unique index"):
            forwards(store, operation)
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'store_item_code_uniq'::regclass")
        assert cursor.fetchone() == (False,)
        cursor.execute("UPDATE store_item SET code = 2 WHERE id = 2")
        forwards(store, operation)
        cursor.execute("SELECT contype FROM pg_constraint WHERE conname = 'store_item_code_uniq'")
        assert cursor.fetchone() == ("u",)


def test_a_null_that_is_left_stops_not_null_and_nothing_is_half_done(store: ProjectState) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE store_item SET code = NULL WHERE id = 2")
        with pytest.raises(Exception, match="is violated by some row"):
            forwards(store, CHANGES["not null"])
        cursor.execute("UPDATE store_item SET code = 2 WHERE id = 2")
    forwards(store, CHANGES["not null"])


@contextmanager
def writers(database: Database) -> Iterator[list[float]]:
    """Two clients that write to both tables all the time; gives how long each write took, in seconds."""
    taken: list[float] = []
    done = Event()

    def write(statement: str) -> None:
        with database.connect(owner=True) as client:
            number = 0
            while not done.is_set():
                number += 1
                began = time.monotonic()
                client.execute(statement, [number % 2900 + 1] if "%s" in statement else None)
                taken.append(time.monotonic() - began)
                time.sleep(0.004)

    with ThreadPoolExecutor() as pool:
        running = [
            pool.submit(write, "UPDATE store_item SET price = 5 WHERE id = %s"),
            pool.submit(write, "INSERT INTO store_log (at) VALUES ('2023-02-03')"),
        ]
        try:
            yield taken
        finally:
            done.set()
            for writer in running:
                writer.result()


@contextmanager
def report(database: Database, seconds: float) -> Iterator[None]:
    """A transaction that has read all tables ends only after some time."""

    def read() -> None:
        with database.connect(owner=True, autocommit=False, application_name="reporting") as session:
            for table in ("store_item", "store_owner", "store_log"):
                session.execute(f"SELECT count(*) FROM {table}")
            ready.set()
            time.sleep(seconds)

    ready = Event()
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(read)
        ready.wait(10)
        yield
        reading.result()


def test_writers_hardly_notice(store: ProjectState, live_database: Database, subtests: pytest.Subtests) -> None:
    for name, operation in CHANGES.items():
        with subtests.test(name), writers(live_database) as taken:
            with report(live_database, BLOCKED):
                began = time.monotonic()
                forwards(store, operation)
            assert time.monotonic() - began < BLOCKED + 10
            backwards(store, operation)
            assert len(taken) > 20
            # Without short time-outs, writers would queue behind the change until the report ends.
            assert max(taken) < BLOCKED / 2
