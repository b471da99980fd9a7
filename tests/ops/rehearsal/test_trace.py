"""Every rewrite is flagged, every lock is named: on a real table, statement by statement."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from config.database.owner import owner_connection
from ops.rehearsal.trace import Trace
from tests.databases import Database

READS = "AccessExclusiveLock"
WRITES = "ShareRowExclusiveLock"

#: SQL, tables and indexes that it rewrites, the strongest lock on each table that blocks somebody.
STATEMENTS: list[tuple[str, list[str], dict[str, str]]] = [
    ("ALTER TABLE thing ALTER n TYPE bigint", ["thing", "thing_n_idx", "thing_pkey"], {"thing": READS}),
    ("ALTER TABLE thing ALTER short TYPE varchar(20)", [], {"thing": READS}),
    ("ALTER TABLE thing ALTER short TYPE text", [], {"thing": READS}),
    ("ALTER TABLE thing ALTER short TYPE varchar(5)", ["thing", "thing_n_idx", "thing_pkey"], {"thing": READS}),
    ("ALTER TABLE thing ADD COLUMN at timestamptz DEFAULT now()", [], {"thing": READS}),
    (
        "ALTER TABLE thing ADD COLUMN at timestamptz DEFAULT clock_timestamp()",
        ["thing", "thing_n_idx", "thing_pkey"],
        {"thing": READS},
    ),
    (
        "ALTER TABLE thing ADD COLUMN twice int GENERATED ALWAYS AS (n * 2) STORED",
        ["thing", "thing_n_idx", "thing_pkey"],
        {"thing": READS},
    ),
    ("ALTER TABLE part SET UNLOGGED", ["part"], {"part": READS}),
    ("CLUSTER thing USING thing_n_idx", ["thing", "thing_n_idx", "thing_pkey"], {"thing": READS}),
    ("REINDEX INDEX thing_n_idx", ["thing_n_idx"], {"thing": "ShareLock"}),
    ("ALTER TABLE thing ADD CHECK (n > 0)", [], {"thing": READS}),
    ("ALTER TABLE thing ADD CHECK (n > 0) NOT VALID", [], {"thing": READS}),
    ("ALTER TABLE thing VALIDATE CONSTRAINT later", [], {}),
    ("CREATE INDEX ON thing (short)", [], {"thing": "ShareLock"}),
    ("ALTER TABLE part ADD FOREIGN KEY (thing_id) REFERENCES thing", [], {"part": WRITES, "thing": WRITES}),
    (
        "CREATE TRIGGER t BEFORE INSERT ON thing FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
        [],
        {"thing": WRITES},
    ),
    ("DROP INDEX thing_n_idx", [], {"thing": READS}),
    ("DROP TABLE part", [], {"part": READS, "thing": READS}),
    ("LOCK TABLE thing IN EXCLUSIVE MODE", [], {"thing": "ExclusiveLock"}),
    ("UPDATE thing SET n = 1 WHERE id <= 3", [], {"thing": "RowLocks"}),
    ("CREATE TABLE other (id int)", [], {}),
    ("COMMENT ON TABLE thing IS 'mine'", [], {}),
    ("ALTER TABLE thing SET (autovacuum_enabled = off)", [], {}),
    ("TRUNCATE part", [], {"part": READS}),
]


def watch(connection: Any) -> Trace:
    trace = Trace(connection)
    trace.migration = "tried"
    return trace


@pytest.fixture
def connection(fresh_database: Database) -> Iterator[Any]:
    fresh_database.rows(
        "CREATE TABLE thing (id int PRIMARY KEY, n int NOT NULL, short varchar(10) NOT NULL,"
        "  CONSTRAINT later CHECK (id > 0) NOT VALID);"
        " INSERT INTO thing SELECT i, i, 'x' FROM generate_series(1, 100) i;"
        " CREATE INDEX thing_n_idx ON thing (n);"
        " CREATE TABLE part (thing_id int REFERENCES thing)"
    )
    connection = owner_connection(fresh_database.name)
    yield connection
    connection.close()


def test_rewrites_and_locks_are_what_postgresql_does(connection: Any) -> None:
    found = []
    for sql, _, _ in STATEMENTS:
        trace = watch(connection)
        with connection.execute_wrapper(trace), connection.cursor() as cursor:
            connection.set_autocommit(False)
            cursor.execute(sql)
            connection.rollback()
            connection.set_autocommit(True)
        (statement,) = trace.finish()
        assert statement.sql == sql
        found.append((sql, statement.rewrites, {lock.table: lock.mode for lock in statement.blocking}))
    assert found == STATEMENTS


def test_lock_is_held_until_the_transaction_ends(connection: Any) -> None:
    trace = watch(connection)
    with connection.execute_wrapper(trace), connection.cursor() as cursor:
        connection.set_autocommit(False)
        cursor.execute("LOCK TABLE thing; SELECT pg_sleep(0.2)")
        cursor.execute("SELECT pg_sleep(0.1)")
        connection.commit()
        connection.set_autocommit(True)
        cursor.execute("SELECT pg_sleep(3)")
    lock, first, second, after = trace.finish()
    # The sleep after the commit is not counted; a busy machine may take its time elsewhere.
    assert 300 <= lock.held_ms < 3000
    assert 200 <= first.duration_ms <= first.held_ms
    assert 100 <= second.held_ms < first.held_ms < lock.held_ms
    assert after.duration_ms >= 3000
    assert (lock.stall_ms > 300, first.stall_ms, second.stall_ms, after.stall_ms) == (True, 0, 0, 0)


def test_statements_outside_a_transaction_are_known_by_their_lock(connection: Any) -> None:
    trace = watch(connection)
    with connection.execute_wrapper(trace), connection.cursor() as cursor:
        for sql in (
            "CREATE INDEX CONCURRENTLY thing_short_idx ON thing (short)",
            "REINDEX INDEX CONCURRENTLY thing_short_idx",
            "DROP INDEX CONCURRENTLY thing_short_idx",
            "VACUUM (ANALYZE) thing",
            "ALTER TABLE thing ADD COLUMN note text",
        ):
            cursor.execute(sql)
    *concurrent, alter = trace.finish()
    assert [[(lock.table, lock.mode) for lock in statement.locks] for statement in concurrent] == [
        [("thing", "ShareUpdateExclusiveLock")]
    ] * 4
    assert [statement.stall_ms for statement in concurrent] == [0] * 4
    # Its lock is gone when it has ended, and is seen all the same.
    assert [(lock.table, lock.mode) for lock in alter.blocking] == [("thing", READS)]
    assert transaction.get_autocommit()


def test_partitions_are_told_by_their_table(connection: Any) -> None:
    trace = watch(connection)
    with connection.execute_wrapper(trace), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE lp_quotes ADD COLUMN note text")
    (statement,) = trace.finish()
    (lock,) = statement.blocking
    assert (lock.table, lock.mode) == ("lp_quotes", READS)
    assert lock.partitions >= 8
