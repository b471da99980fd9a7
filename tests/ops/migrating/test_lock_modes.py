"""The locks that statements are said to take, against those that PostgreSQL takes."""

import pytest

from ops.migrating.lock_modes import Lock, Taken, created_table, locks_taken
from tests.databases import Database

HELD = """
    SELECT name AS table, replace(mode, 'Lock', '') AS mode FROM pg_locks
      JOIN unnest(%s::text[], %s::oid[]) AS known(name, oid) ON known.oid = relation
     WHERE pid = pg_backend_pid()
"""
BEFORE = """
    CREATE TABLE probe (id bigint PRIMARY KEY, price int, other_id bigint);
    CREATE TABLE other (id bigint PRIMARY KEY);
    CREATE TABLE parted (at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE part (at date NOT NULL);
    CREATE TABLE inside PARTITION OF parted FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
    CREATE INDEX probe_price_idx ON probe (price);
    ALTER TABLE probe ADD CONSTRAINT later CHECK (price > 0) NOT VALID;
    CREATE TRIGGER probe_touch BEFORE UPDATE ON probe FOR EACH ROW EXECUTE FUNCTION set_updated_at();
"""
#: Each is run in a transaction that is rolled back; `probe_price_idx` stands for its table.
TRIED = [
    "CREATE INDEX a ON probe (price)",
    "CREATE UNIQUE INDEX a ON public.probe USING btree (id, price) WHERE price > 0",
    "ALTER TABLE probe VALIDATE CONSTRAINT later",
    'ALTER TABLE "probe" ADD COLUMN a int',
    "ALTER TABLE ONLY probe ALTER COLUMN price SET NOT NULL",
    "ALTER TABLE probe ADD CONSTRAINT a FOREIGN KEY (other_id) REFERENCES other (id) NOT VALID",
    "ALTER TABLE probe ADD COLUMN a bigint REFERENCES other (id)",
    "ALTER TABLE probe ALTER COLUMN price SET STATISTICS 500",
    "ALTER TABLE probe SET (fillfactor = 70)",
    "ALTER TABLE probe DISABLE TRIGGER probe_touch",
    "ALTER TABLE parted ATTACH PARTITION part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    "ALTER TABLE parted DETACH PARTITION inside",
    "CREATE TABLE made PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    "CREATE TABLE made (id bigint REFERENCES other (id))",
    "CREATE TRIGGER a AFTER INSERT ON probe FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
    "CREATE OR REPLACE TRIGGER probe_touch BEFORE DELETE ON probe FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
    "DROP TRIGGER probe_touch ON probe",
    "DROP TABLE probe",
    "TRUNCATE probe",
    "INSERT INTO probe VALUES (1, 1, 1)",
    "UPDATE probe SET price = 2",
    "DELETE FROM probe",
    "COMMENT ON TABLE probe IS 'x'",
    "COMMENT ON COLUMN probe.price IS 'x'",
    "COMMENT ON TRIGGER probe_touch ON probe IS 'x'",
    "COMMENT ON CONSTRAINT later ON probe IS 'x'",
    "LOCK TABLE probe IN SHARE ROW EXCLUSIVE MODE",
    "CREATE STATISTICS a ON id, price FROM probe",
    "ALTER TABLE probe RENAME COLUMN price TO cost",
    "CREATE POLICY a ON probe",
]
TABLES = ["probe", "other", "parted", "part", "inside"]


def test_the_locks_are_those_of_postgresql(fresh_database: Database, subtests: pytest.Subtests) -> None:
    with fresh_database.connect(owner=True, autocommit=False) as owner:
        owner.execute(BEFORE)
        owner.commit()
        # By number: a table that is dropped has no name any more.
        numbers = [
            owner.execute("SELECT %s::regclass::oid AS number", [table]).fetchone()["number"]  # type: ignore[index]
            for table in TABLES
        ]
        for statement in TRIED:
            with subtests.test(statement):
                owner.execute(statement)
                held: dict[str, Lock] = {}
                for row in owner.execute(HELD, [TABLES, numbers]).fetchall():
                    lock = next(lock for lock in Lock if lock.name.replace("_", "") == row["mode"].upper())
                    held[row["table"]] = max(lock, held.get(row["table"], lock))
                owner.rollback()
                # What only reads, and a row lock on what a foreign key points at, stop no writer.
                strong = {table: lock for table, lock in held.items() if lock >= Lock.ROW_EXCLUSIVE}
                assert {taken.table.removeprefix("public."): taken.lock for taken in locks_taken(statement)} == strong


def test_what_runs_beside_others_is_said_to_stop_nobody() -> None:
    for statement, table in [
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a ON probe (price)", "probe"),
        ("DROP INDEX CONCURRENTLY IF EXISTS probe_price_idx", "probe_price_idx"),
    ]:
        assert locks_taken(statement) == [Taken(Lock.SHARE_UPDATE_EXCLUSIVE, table)]
    assert locks_taken("GRANT SELECT ON probe TO trading_app") == []


def test_a_created_table_is_known_by_its_name() -> None:
    assert created_table('CREATE TABLE IF NOT EXISTS "made" (id int)') == "made"
    assert created_table("CREATE INDEX a ON made (id)") is None
