"""Migrations that must be found, and others that must not."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection, models
from django.db.migrations import Migration, RunPython, RunSQL
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from config.database.online import AttachPartition, Backfill
from ops.migrating.lint import always, in_use
from ops.migrating.lint.check import BEFORE_RELEASE, findings_of, meets_tables_in_use, subject_of
from ops.migrating.lint.subject import Subject


def subject(sql: str, *, operations: Sequence[Operation] = (), atomic: bool = True, source: str = "") -> Subject:
    """A migration that runs this SQL; by default it can be taken back."""
    made = operations or (RunSQL(sql, RunSQL.noop),)
    return Subject("trading.0099_example", atomic, tuple(made), sql, source)


def rules(example: Subject) -> set[str]:
    return {finding.rule for finding in findings_of(example, tables_in_use=True)}


def nothing(apps: Any, editor: Any) -> None:
    """A step of Python."""


UNSAFE: dict[str, tuple[str, Subject]] = {
    "an index in a transaction": ("index-under-lock", subject("CREATE INDEX a ON orders (price)")),
    "a unique index in a transaction": ("index-under-lock", subject("CREATE UNIQUE INDEX a ON orders (id)")),
    "an index dropped in a transaction": ("index-dropped-under-lock", subject("DROP INDEX orders_price_idx")),
    "a constraint with an odd name": (
        "rows-read-under-lock",
        subject('ALTER TABLE public.orders ADD CONSTRAINT "a b" CHECK (price > 0)'),
    ),
    "a check that only speaks of NOT VALID": (
        "rows-read-under-lock",
        subject("ALTER TABLE orders ADD CONSTRAINT a CHECK (note <> ' NOT VALID')"),
    ),
    "a unique constraint": ("unique-under-lock", subject("ALTER TABLE orders ADD CONSTRAINT a UNIQUE (price)")),
    "a primary key": ("unique-under-lock", subject('ALTER TABLE "orders" ADD PRIMARY KEY (id)')),
    "an exclusion": (
        "unique-under-lock",
        subject("ALTER TABLE margin_rates ADD CONSTRAINT a EXCLUDE USING gist (period WITH &&)"),
    ),
    "a check that reads all rows": (
        "rows-read-under-lock",
        subject("ALTER TABLE orders ADD CONSTRAINT a CHECK (price > 0)"),
    ),
    "a column with its check": ("rows-read-under-lock", subject("ALTER TABLE orders ADD COLUMN a int CHECK (a > 0)")),
    "a column that is unique": ("unique-under-lock", subject("ALTER TABLE orders ADD COLUMN a int NULL UNIQUE")),
    "a foreign key that reads all rows": (
        "rows-read-under-lock",
        subject("ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (account_id) REFERENCES accounts (id)"),
    ),
    "NOT NULL": ("not-null-under-lock", subject("ALTER TABLE orders ALTER COLUMN price SET NOT NULL")),
    "another type": ("rewrite", subject("ALTER TABLE orders ALTER COLUMN price TYPE double precision")),
    "a column with a volatile default": (
        "rewrite",
        subject("ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid() NOT NULL"),
    ),
    "a generated column": (
        "rewrite",
        subject("ALTER TABLE orders ADD COLUMN cost numeric GENERATED ALWAYS AS (price * quantity) STORED"),
    ),
    "a numbered column": ("rewrite", subject("ALTER TABLE orders ADD a bigint GENERATED ALWAYS AS IDENTITY")),
    "a serial column": ("rewrite", subject('ALTER TABLE orders ADD COLUMN "a b" bigserial')),
    "a table that is sorted": ("rewrite", subject("CLUSTER orders USING orders_pkey")),
    "all rows changed at once": ("unbatched-change", subject("UPDATE orders SET price = 1 WHERE price IS NULL")),
    "all rows changed on the way": (
        "unbatched-change",
        subject("WITH done AS (UPDATE public.orders AS o SET price = 1 RETURNING 1) SELECT count(*) FROM done"),
    ),
    "all rows merged": (
        "unbatched-change",
        subject("MERGE INTO orders USING prices ON orders.id = prices.id WHEN MATCHED THEN UPDATE SET price = 1"),
    ),
    "rows deleted at once": ("unbatched-change", subject("DELETE FROM user_sessions WHERE expires_at < now()")),
    "a table emptied": ("truncate", subject("TRUNCATE user_sessions")),
    "a lock of its own": ("explicit-lock", subject("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")),
    "a column with a new name": ("name-in-use", subject("ALTER TABLE orders RENAME COLUMN price TO limit_price")),
    "a table with a new name": ("name-in-use", subject("ALTER TABLE orders RENAME TO tickets")),
    "a column dropped": ("dropped-in-use", subject("ALTER TABLE orders DROP COLUMN price")),
    "a column dropped without its word": ("dropped-in-use", subject('ALTER TABLE orders DROP "price"')),
    "a table dropped": ("dropped-in-use", subject("DROP TABLE stress_test_results")),
    "indexes made anew": ("rebuilt-under-lock", subject("REINDEX TABLE orders")),
    "a view filled anew": ("rebuilt-under-lock", subject("REFRESH MATERIALIZED VIEW daily_volume")),
    "a rewrite in a block": (
        "hidden-in-block",
        subject("DO $x$ BEGIN ALTER TABLE orders ALTER COLUMN quantity TYPE bigint; END $x$"),
    ),
    "a change in a string in a block": (
        "hidden-in-block",
        subject("DO $$ BEGIN EXECUTE 'UPDATE orders SET price = 1'; END $$"),
    ),
    "a partition made in place": (
        "partition-made-under-lock",
        subject("CREATE TABLE q PARTITION OF lp_quotes FOR VALUES FROM ('2024-01-01') TO ('2024-01-02')"),
    ),
    "a partition attached without a check": (
        "attached-unproved",
        subject("ALTER TABLE lp_quotes ATTACH PARTITION q FOR VALUES FROM ('2024-01-01') TO ('2024-01-02')"),
    ),
    "several tables at once": (
        "several-tables",
        subject("ALTER TABLE orders ADD COLUMN a int; ALTER TABLE trades ADD COLUMN a int"),
    ),
    "validation in the same transaction": (
        "validated-under-lock",
        subject(
            "ALTER TABLE orders ADD CONSTRAINT a CHECK (price > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT a"
        ),
    ),
    "rows and columns in one transaction": (
        "data-with-schema",
        subject("ALTER TABLE orders ADD COLUMN a int; INSERT INTO fee_schedules SELECT 1"),
    ),
    "a trigger with a gap": (
        "trigger-gap",
        subject(
            "DROP TRIGGER orders_touch ON orders;"
            " CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        ),
    ),
    "a trigger switched off": ("trigger-off", subject("ALTER TABLE orders DISABLE TRIGGER orders_guard")),
    "all triggers switched off": ("trigger-off", subject("SET LOCAL session_replication_role = replica")),
    "a time-out of the transaction": ("session-setting", subject("SET LOCAL lock_timeout = 0")),
    "a time-out by a function": ("session-setting", subject("SELECT set_config('lock_timeout', '0', false)")),
    "a trigger for replicas only": ("trigger-off", subject("ALTER TABLE orders ENABLE REPLICA TRIGGER orders_guard")),
    "a setting of the session": ("session-setting", subject("SET lock_timeout = 0")),
    "a commit in between": ("transaction-control", subject("COMMIT")),
    "an end by its other name": ("transaction-control", subject("ABORT")),
    "a transaction left prepared": ("transaction-control", subject("PREPARE TRANSACTION 'a'")),
    "CONCURRENTLY in a transaction": (
        "concurrently-in-transaction",
        subject("CREATE INDEX CONCURRENTLY a ON orders (price)"),
    ),
    "SQL without a way back": ("no-reverse", subject("SELECT 1", operations=[RunSQL("SELECT 1")])),
    "Python without a way back": ("no-reverse", subject("", operations=[RunPython(nothing)])),
    "an index of Django's that a kill leaves behind": (
        "not-rerunnable",
        subject(
            "CREATE INDEX CONCURRENTLY a ON orders (price)",
            operations=[AddIndexConcurrently("order", models.Index(fields=["price"], name="a"))],
            atomic=False,
        ),
    ),
    "models of today": (
        "imports-models",
        subject("", source="from trading.models import Order\n", operations=[RunPython(nothing, nothing)]),
    ),
}

SAFE: dict[str, Subject] = {
    "a new table with all that belongs to it": subject(
        "CREATE TABLE notes (id bigint PRIMARY KEY, body text);"
        " CREATE INDEX notes_body_idx ON notes (body);"
        " ALTER TABLE notes ADD CONSTRAINT notes_body_check CHECK (body <> '');"
        " CREATE TRIGGER notes_touch BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION set_updated_at();"
        " INSERT INTO notes VALUES (1, 'first; and only')"
    ),
    "a column that may be empty": subject("ALTER TABLE orders ADD COLUMN note text"),
    "an identity for a column that is there": subject(
        "ALTER TABLE orders ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY"
    ),
    "a column with a constant default": subject("ALTER TABLE orders ADD COLUMN note text DEFAULT '' NOT NULL"),
    "a column with the time of the transaction": subject(
        "ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT now() NOT NULL"
    ),
    "a column that numbers its rows from now on": subject(
        "ALTER TABLE orders ALTER COLUMN number ADD GENERATED BY DEFAULT AS IDENTITY"
    ),
    "what columns lose but their values": subject(
        "ALTER TABLE orders ALTER COLUMN price DROP NOT NULL, ALTER price DROP DEFAULT, DROP CONSTRAINT a"
    ),
    "a block about functions": subject(
        "DO $$ BEGIN EXECUTE format('ALTER FUNCTION f() SET search_path = %I, pg_temp', current_schema()); END $$"
    ),
    "a check for new rows": subject("ALTER TABLE orders ADD CONSTRAINT a CHECK (price > 0) NOT VALID"),
    "its validation, later": subject("ALTER TABLE orders VALIDATE CONSTRAINT a"),
    "a foreign key for new rows": subject(
        "ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (account_id) REFERENCES accounts (id) NOT VALID"
    ),
    "an index made beside": subject(
        "CREATE INDEX CONCURRENTLY a ON orders (price)",
        operations=[Backfill("order", assignments="price = 1", condition="price IS NULL")],
        atomic=False,
    ),
    "a unique constraint over its index": subject("ALTER TABLE orders ADD CONSTRAINT a UNIQUE USING INDEX a"),
    "a function": subject(
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN UPDATE orders SET price = 1; DELETE FROM orders; LOCK TABLE orders; COMMIT; RETURN NEW; END $$"
    ),
    "a trigger replaced": subject(
        "CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION set_updated_at();"
        " COMMENT ON TRIGGER orders_touch ON orders IS 'DROP TABLE orders; COMMIT'"
    ),
    "rights": subject("GRANT SELECT ON orders TO trading_readonly; REVOKE UPDATE ON trades FROM trading_app"),
    "batches": subject(
        "UPDATE orders SET price = 1 WHERE price IS NULL",
        operations=[Backfill("order", assignments="price = 1", condition="price IS NULL")],
        atomic=False,
    ),
    "a partition that is proved": subject(
        "ALTER TABLE q ADD CONSTRAINT q_bounds_check CHECK (quoted_at >= '2024-01-01') NOT VALID;"
        " ALTER TABLE q VALIDATE CONSTRAINT q_bounds_check;"
        " ALTER TABLE lp_quotes ATTACH PARTITION q FOR VALUES FROM ('2024-01-01') TO ('2024-01-02')",
        operations=[AttachPartition("lp_quotes", "q", column="quoted_at", start="2024-01-01", end="2024-01-02")],
        atomic=False,
    ),
    "a column that no code uses any more": subject(
        "ALTER TABLE orders DROP COLUMN price", source="class Migration:\n    deployed_unused = True\n"
    ),
    "Python that goes both ways": subject("", operations=[RunPython(nothing, RunPython.noop)]),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_migration_is_found(name: str) -> None:
    rule, example = UNSAFE[name]
    assert rule in rules(example)


@pytest.mark.parametrize("name", SAFE)
def test_a_safe_migration_passes(name: str) -> None:
    assert rules(SAFE[name]) == set()


def test_every_rule_has_an_example() -> None:
    """Of those for all migrations, by their names; of the others, by what they find."""
    found = {rule for rule, _ in UNSAFE.values()}
    assert found >= {rule.__name__.replace("_", "-") for rule in always.RULES}
    assert found >= {rule for rule, _, _ in in_use._PATTERNS}


def test_what_comes_after_the_first_release_meets_tables_in_use(db: None) -> None:
    migrations = MigrationLoader(connection).disk_migrations
    assert not any(meets_tables_in_use(migrations[key]) for key in BEFORE_RELEASE.items())
    assert meets_tables_in_use(Migration("0099_later", "trading"))
    assert meets_tables_in_use(Migration("0001_first", "another_app"))


def test_the_projects_migrations_follow_the_rules_for_all(db: None) -> None:
    loader = MigrationLoader(connection)
    own = [migration for key, migration in loader.graph.nodes.items() if key[0] in ("accounts", "audit", "ops")]
    assert [finding for migration in own for finding in findings_of(subject_of(migration, ""))] == []
