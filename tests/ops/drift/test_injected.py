"""Every kind of drift is found and named, and nothing else is."""

from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from ops.drift import Catalog, compare

#: (kind, name, problem, fact)
Found = tuple[str, str, str, str | None]


@dataclass(frozen=True)
class Drift:
    """What somebody did by hand, and what the check says of it."""

    sql: str
    found: set[Found]
    #: The oldest PostgreSQL that can do it.
    since: int = 15
    #: Whether a statement can undo it: not where it has only written into a catalog.
    undone: bool = True


def changed(kind: str, name: str, *facts: str) -> set[Found]:
    return {(kind, name, "changed", fact) for fact in facts}


def missing(kind: str, name: str) -> set[Found]:
    return {(kind, name, "missing", None)}


def unexpected(kind: str, name: str) -> set[Found]:
    return {(kind, name, "unexpected", None)}


LEAF = "lp_quotes_catch_all"

BY_THE_OWNER = {
    # Tables
    "table": Drift("CREATE TABLE notes (id int PRIMARY KEY, text text)", unexpected("table", "notes")),
    "table dropped": Drift("DROP TABLE user_sessions", missing("table", "user_sessions")),
    "unlogged table": Drift(
        "ALTER TABLE django_session SET UNLOGGED", changed("table", "django_session", "persistence")
    ),
    "storage options": Drift(
        "ALTER TABLE orders SET (fillfactor = 100)", changed("table", "orders", "storage options")
    ),
    "toast options": Drift(
        "ALTER TABLE orders SET (toast.autovacuum_enabled = off)", changed("table", "orders", "toast options")
    ),
    "row security": Drift(
        "ALTER TABLE accounts ENABLE ROW LEVEL SECURITY", changed("table", "accounts", "row security")
    ),
    "replica identity": Drift(
        "ALTER TABLE accounts REPLICA IDENTITY FULL", changed("table", "accounts", "replica identity")
    ),
    "comment on table": Drift("COMMENT ON TABLE orders IS 'mine'", changed("table", "orders", "comment")),
    "inheritance": Drift(
        "CREATE TABLE more_sessions () INHERITS (user_sessions)", unexpected("table", "more_sessions")
    ),
    # Columns
    "column": Drift("ALTER TABLE orders ADD COLUMN note text", unexpected("column", "orders.note")),
    "column dropped": Drift(
        "ALTER TABLE user_sessions DROP COLUMN user_agent", missing("column", "user_sessions.user_agent")
    ),
    "type": Drift(
        "ALTER TABLE user_sessions ALTER user_agent TYPE varchar(10)",
        changed("column", "user_sessions.user_agent", "type"),
    ),
    "default": Drift(
        "ALTER TABLE users ALTER country_code SET DEFAULT 'XX'", changed("column", "users.country_code", "default")
    ),
    "not null": Drift(
        "ALTER TABLE orders ALTER account_id DROP NOT NULL", changed("column", "orders.account_id", "required")
    ),
    "identity": Drift(
        "ALTER TABLE account_transactions ALTER id DROP IDENTITY",
        changed("column", "account_transactions.id", "identity") | missing("sequence", "account_transactions_id_seq"),
    ),
    "generated": Drift(
        "ALTER TABLE orders ALTER remaining_quantity DROP EXPRESSION",
        changed("column", "orders.remaining_quantity", "generated"),
    ),
    "generated otherwise": Drift(
        "ALTER TABLE orders ALTER remaining_quantity SET EXPRESSION AS (quantity)",
        changed("column", "orders.remaining_quantity", "generated"),
        since=17,
    ),
    "identity that is always made": Drift(
        "ALTER TABLE account_transactions ALTER id SET GENERATED ALWAYS",
        changed("column", "account_transactions.id", "identity"),
    ),
    "options of a column": Drift(
        "ALTER TABLE orders ALTER status SET (n_distinct = 5)", changed("column", "orders.status", "options")
    ),
    "comment on column": Drift(
        "COMMENT ON COLUMN users.country_code IS 'mine'", changed("column", "users.country_code", "comment")
    ),
    "column renamed": Drift(
        "ALTER TABLE user_sessions RENAME user_agent TO agent",
        missing("column", "user_sessions.user_agent") | unexpected("column", "user_sessions.agent"),
    ),
    "collation": Drift(
        'ALTER TABLE user_sessions ALTER user_agent TYPE text COLLATE "POSIX"',
        changed("column", "user_sessions.user_agent", "collation"),
    ),
    "storage of a column": Drift(
        "ALTER TABLE orders ALTER metadata SET STORAGE EXTERNAL", changed("column", "orders.metadata", "storage")
    ),
    "compression": Drift(
        "ALTER TABLE orders ALTER metadata SET COMPRESSION pglz", changed("column", "orders.metadata", "compression")
    ),
    "statistics target": Drift(
        "ALTER TABLE orders ALTER status SET STATISTICS 10", changed("column", "orders.status", "statistics target")
    ),
    "order of columns": Drift(
        "ALTER TABLE user_sessions DROP COLUMN user_agent;"
        " ALTER TABLE user_sessions ADD COLUMN user_agent text NOT NULL DEFAULT '';"
        " GRANT SELECT (user_agent) ON user_sessions TO trading_readonly, trading_auditor",
        changed("table", "user_sessions", "order of columns"),
    ),
    # Constraints
    "check": Drift(
        "ALTER TABLE orders ADD CONSTRAINT mine CHECK (quantity < 1000)", unexpected("constraint", "mine of orders")
    ),
    "check dropped": Drift(
        "ALTER TABLE orders DROP CONSTRAINT orders_quantity_positive_check",
        missing("constraint", "orders_quantity_positive_check of orders"),
    ),
    "check weakened": Drift(
        "ALTER TABLE orders DROP CONSTRAINT orders_quantity_positive_check,"
        " ADD CONSTRAINT orders_quantity_positive_check CHECK (quantity >= 0)",
        changed("constraint", "orders_quantity_positive_check of orders", "definition"),
    ),
    "vocabulary widened": Drift(
        "ALTER TABLE orders DROP CONSTRAINT orders_side_check,"
        " ADD CONSTRAINT orders_side_check CHECK (side IN ('buy', 'sell', 'both'))",
        changed("constraint", "orders_side_check of orders", "definition"),
    ),
    "check not validated": Drift(
        "ALTER TABLE orders DROP CONSTRAINT orders_quantity_positive_check,"
        " ADD CONSTRAINT orders_quantity_positive_check CHECK (quantity > 0.0) NOT VALID",
        changed("constraint", "orders_quantity_positive_check of orders", "validated"),
    ),
    "foreign key dropped": Drift(
        "ALTER TABLE orders DROP CONSTRAINT orders_instrument_id_fk",
        missing("constraint", "orders_instrument_id_fk of orders"),
    ),
    "foreign key that cascades": Drift(
        "ALTER TABLE orders DROP CONSTRAINT orders_parent_order_id_fk, ADD CONSTRAINT orders_parent_order_id_fk"
        " FOREIGN KEY (parent_order_id) REFERENCES orders ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
        changed("constraint", "orders_parent_order_id_fk of orders", "definition"),
    ),
    "comment on constraint": Drift(
        "COMMENT ON CONSTRAINT orders_side_check ON orders IS 'mine'",
        changed("constraint", "orders_side_check of orders", "comment"),
    ),
    "foreign key not deferrable": Drift(
        "ALTER TABLE orders ALTER CONSTRAINT orders_parent_order_id_fk NOT DEFERRABLE",
        changed("constraint", "orders_parent_order_id_fk of orders", "definition", "deferrable"),
    ),
    "unique key dropped": Drift(
        "ALTER TABLE journals DROP CONSTRAINT journals_idempotency_key_uniq",
        missing("constraint", "journals_idempotency_key_uniq of journals"),
    ),
    "exclusion dropped": Drift(
        "ALTER TABLE fee_schedules DROP CONSTRAINT fee_schedules_period_excl",
        missing("constraint", "fee_schedules_period_excl of fee_schedules"),
    ),
    # Indexes
    "index": Drift("CREATE INDEX mine ON orders (price)", unexpected("index", "mine")),
    "index dropped": Drift("DROP INDEX orders_parent_order_idx", missing("index", "orders_parent_order_idx")),
    "index without its condition": Drift(
        "DROP INDEX orders_parent_order_idx; CREATE INDEX orders_parent_order_idx ON orders (parent_order_id)",
        changed("index", "orders_parent_order_idx", "definition"),
    ),
    "index filled otherwise": Drift(
        "ALTER INDEX orders_parent_order_idx SET (fillfactor = 50)",
        changed("index", "orders_parent_order_idx", "definition"),
    ),
    "comment on index": Drift(
        "COMMENT ON INDEX orders_parent_order_idx IS 'mine'", changed("index", "orders_parent_order_idx", "comment")
    ),
    "clustered": Drift("ALTER TABLE users CLUSTER ON users_pkey", changed("index", "users_pkey", "clustered")),
    # Triggers
    "trigger disabled": Drift(
        "ALTER TABLE journals DISABLE TRIGGER journals_append_only",
        changed("trigger", "journals_append_only of journals", "enabled"),
    ),
    "trigger on replicas only": Drift(
        "ALTER TABLE journals ENABLE REPLICA TRIGGER journals_append_only",
        changed("trigger", "journals_append_only of journals", "enabled"),
    ),
    "trigger on replicas too": Drift(
        "ALTER TABLE orders ENABLE ALWAYS TRIGGER orders_guard_terms",
        changed("trigger", "orders_guard_terms of orders", "enabled"),
    ),
    "comment on trigger": Drift(
        "COMMENT ON TRIGGER journals_append_only ON journals IS 'mine'",
        changed("trigger", "journals_append_only of journals", "comment"),
    ),
    "trigger dropped": Drift(
        "DROP TRIGGER journals_append_only ON journals", missing("trigger", "journals_append_only of journals")
    ),
    "trigger of fewer events": Drift(
        "CREATE OR REPLACE TRIGGER journals_append_only BEFORE DELETE ON journals"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        changed("trigger", "journals_append_only of journals", "definition"),
    ),
    "trigger added": Drift(
        "CREATE TRIGGER mine BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
        unexpected("trigger", "mine of orders"),
    ),
    # Functions
    "function": Drift("CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1", unexpected("function", "mine()")),
    "function dropped": Drift(
        "DROP FUNCTION add_catch_all_partition(regclass)",
        missing("function", "add_catch_all_partition(parent regclass)"),
    ),
    "body": Drift(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        changed("function", "refuse_change()", "body"),
    ),
    "volatility": Drift("ALTER FUNCTION uuidv7() IMMUTABLE", changed("function", "uuidv7()", "volatility")),
    "security": Drift(
        "ALTER FUNCTION set_updated_at() SECURITY DEFINER", changed("function", "set_updated_at()", "security")
    ),
    "strict": Drift("ALTER FUNCTION uuidv7() STRICT", changed("function", "uuidv7()", "strict")),
    "cost": Drift("ALTER FUNCTION uuidv7() COST 7", changed("function", "uuidv7()", "cost")),
    "path of a function": Drift(
        "ALTER FUNCTION post_entries() SET search_path = pg_temp, public",
        changed("function", "post_entries()", "settings"),
    ),
    "setting of a function": Drift(
        "ALTER FUNCTION refresh_statistics(regclass) RESET ALL",
        changed("function", "refresh_statistics(target regclass)", "settings"),
    ),
    "comment on function": Drift(
        "COMMENT ON FUNCTION refuse_change() IS NULL", changed("function", "refuse_change()", "comment")
    ),
    # Other objects of the schema
    "sequence": Drift("CREATE SEQUENCE mine", unexpected("sequence", "mine")),
    "sequence that goes round": Drift(
        "ALTER SEQUENCE account_transactions_id_seq CYCLE", changed("sequence", "account_transactions_id_seq", "cycles")
    ),
    "sequence in other steps": Drift(
        "ALTER SEQUENCE account_transactions_id_seq INCREMENT 2",
        changed("sequence", "account_transactions_id_seq", "increment"),
    ),
    "view": Drift("CREATE VIEW mine AS SELECT id FROM orders", unexpected("view", "mine")),
    "materialised view": Drift("CREATE MATERIALIZED VIEW mine AS SELECT id FROM orders", unexpected("view", "mine")),
    "policy": Drift("CREATE POLICY mine ON orders", unexpected("policy", "mine of orders")),
    "rule": Drift("CREATE RULE mine AS ON DELETE TO orders DO INSTEAD NOTHING", unexpected("rule", "mine of orders")),
    "enum": Drift("CREATE TYPE mine AS ENUM ('a')", unexpected("type", "mine")),
    "domain": Drift("CREATE DOMAIN mine AS int CHECK (VALUE > 0)", unexpected("type", "mine")),
    "statistics object": Drift("CREATE STATISTICS mine ON status, side FROM orders", unexpected("statistics", "mine")),
    "extension": Drift("CREATE EXTENSION citext", unexpected("extension", "citext")),
    "schema": Drift("CREATE SCHEMA mine", unexpected("schema", "mine")),
    "publication": Drift("CREATE PUBLICATION mine FOR TABLE orders", unexpected("publication", "mine")),
    "operator": Drift(
        "CREATE OPERATOR <<<< (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int)",
        unexpected("other", "operator public.<<<<(integer,integer)"),
    ),
    # Rights
    "grant": Drift(
        "GRANT UPDATE ON journals TO trading_app", changed("grant", "trading_app on table journals", "privileges")
    ),
    "grant to everybody": Drift("GRANT SELECT ON users TO PUBLIC", unexpected("grant", "PUBLIC on table users")),
    "grant on a column": Drift(
        "GRANT SELECT (password_hash) ON users TO trading_readonly",
        unexpected("grant", "trading_readonly on column users.password_hash"),
    ),
    "grant that may be passed on": Drift(
        "GRANT SELECT ON orders TO trading_readonly WITH GRANT OPTION",
        changed("grant", "trading_readonly on table orders", "privileges"),
    ),
    "revoke": Drift(
        "REVOKE SELECT ON orders FROM trading_readonly", missing("grant", "trading_readonly on table orders")
    ),
    "grant on a function": Drift(
        "GRANT EXECUTE ON FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz) TO PUBLIC",
        unexpected(
            "grant",
            "PUBLIC on function ensure_partitions(parent regclass, every text,"
            " first timestamp with time zone, last timestamp with time zone)",
        ),
    ),
    "grant on the schema": Drift(
        "GRANT CREATE ON SCHEMA public TO trading_app", changed("grant", "trading_app on schema public", "privileges")
    ),
    "default privileges": Drift(
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO trading_readonly",
        unexpected("default privilege", "trading_owner on tables made by trading_owner")
        | unexpected("default privilege", "trading_readonly on tables made by trading_owner"),
    ),
    # Rows that migrations write
    "row": Drift(
        "INSERT INTO order_status_transitions (from_status, to_status, exec_type)"
        " VALUES ('filled', 'rejected', 'rejected')",
        unexpected("row", "order_status_transitions: filled, rejected, rejected"),
    ),
    # Partitions
    "trigger of a partition dropped": Drift(
        f"DROP TRIGGER append_only_truncate ON {LEAF}", {("partition", LEAF, "missing", "trigger append_only_truncate")}
    ),
    "trigger of a partition disabled": Drift(
        f"ALTER TABLE {LEAF} DISABLE TRIGGER append_only_truncate",
        changed("partition", LEAF, "trigger append_only_truncate: enabled"),
    ),
    "index of a partition": Drift(
        f"CREATE INDEX mine ON {LEAF} (bid)", {("partition", LEAF, "unexpected", "index mine")}
    ),
    "grant on a partition": Drift(
        f"GRANT INSERT ON {LEAF} TO trading_app",
        {("partition", LEAF, "unexpected", "grant trading_app on table")},
    ),
    "storage of a partition": Drift(
        f"ALTER TABLE {LEAF} SET (autovacuum_enabled = off)", changed("partition", LEAF, "table: storage options")
    ),
    "default partition": Drift(
        "CREATE TABLE others PARTITION OF instrument_marks DEFAULT",
        changed("partition", "others", "table: bounds", "column instrument_id: statistics target")
        | {("partition", "others", "missing", "trigger append_only_truncate")},
    ),
    "partition detached": Drift(
        f"ALTER TABLE lp_quotes DETACH PARTITION {LEAF}",
        unexpected("table", LEAF) | {("partition", "of lp_quotes", "missing", "the one without an end")},
    ),
    "partition dropped": Drift(
        f"DROP TABLE {LEAF}", {("partition", "of lp_quotes", "missing", "the one without an end")}
    ),
}

BY_AN_ADMINISTRATOR = {
    "foreign key switched off": Drift(
        "ALTER TABLE lp_exposure DISABLE TRIGGER ALL",
        changed("trigger", "lp_exposure_touch of lp_exposure", "enabled")
        | changed("constraint", "lp_exposure_provider_id_fk of lp_exposure", "enforced")
        | changed("constraint", "lp_exposure_currency_fk of lp_exposure", "enforced")
        | changed("constraint", "lp_exposure_instrument_id_fk of lp_exposure", "enforced"),
    ),
    "invalid index": Drift(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_parent_order_idx'::regclass",
        changed("index", "orders_parent_order_idx", "valid"),
    ),
    "owner of a table": Drift("ALTER TABLE currencies OWNER TO postgres", changed("table", "currencies", "owner")),
    "owner of a function": Drift(
        "ALTER FUNCTION refuse_change() OWNER TO postgres", changed("function", "refuse_change()", "owner")
    ),
    "event trigger": Drift(
        "CREATE FUNCTION mine() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        " CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION mine()",
        unexpected("event trigger", "mine") | unexpected("function", "mine()"),
    ),
    "subscription": Drift(
        "CREATE SUBSCRIPTION mine CONNECTION 'dbname=none' PUBLICATION mine WITH (connect = false)",
        unexpected("other", "subscription mine"),
    ),
    "cast": Drift(
        "CREATE CAST (int AS uuid) WITH INOUT AS ASSIGNMENT", unexpected("other", "cast (integer AS pg_catalog.uuid)")
    ),
    "foreign data": Drift("CREATE FOREIGN DATA WRAPPER mine", unexpected("other", "foreign-data wrapper mine")),
    "right to switch triggers off": Drift(
        "GRANT SET ON PARAMETER session_replication_role TO trading_app",
        unexpected("parameter", "trading_app on session_replication_role"),
    ),
    "publication of everything": Drift("CREATE PUBLICATION mine FOR ALL TABLES", unexpected("publication", "mine")),
    "role that may bypass policies": Drift(
        "ALTER ROLE trading_app BYPASSRLS", changed("role", "trading_app", "BYPASSRLS")
    ),
    "group that may log in": Drift("ALTER ROLE trading_readonly LOGIN", changed("role", "trading_readonly", "LOGIN")),
    "membership": Drift("GRANT trading_owner TO trading_app", unexpected("membership", "trading_app in trading_owner")),
    "membership in a role of PostgreSQL": Drift(
        "GRANT pg_write_all_data TO trading_readonly",
        unexpected("membership", "trading_readonly in pg_write_all_data"),
    ),
    "membership revoked": Drift(
        "REVOKE trading_app FROM trading_backend", missing("membership", "trading_backend in trading_app")
    ),
    "time-out": Drift(
        "ALTER ROLE trading_backend SET statement_timeout = 0",
        changed("setting", "statement_timeout of trading_backend", "value"),
    ),
    "setting of a role": Drift(
        "ALTER ROLE trading_app SET session_replication_role = replica",
        unexpected("setting", "session_replication_role of trading_app"),
    ),
    "setting of the database": Drift(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = mine', current_database()); END $$",
        unexpected("setting", "search_path of the database"),
    ),
    "owner of the database": Drift(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO postgres', current_database()); END $$",
        changed("database", "this database", "owner") | changed("schema", "public", "owner"),
    ),
    "version of an extension": Drift(
        "UPDATE pg_extension SET extversion = '1.5' WHERE extname = 'pg_trgm'",
        changed("extension", "pg_trgm", "version"),
        undone=False,
    ),
}


#: What belongs to an object that was missing, as its comment and grants, is missing once it is there.
ROUNDS = 2


def found_in(connection: psycopg.Connection[Any], expected: Catalog, drift: Drift) -> set[Found]:
    """What the check says after the drift; the remedies that it names must leave none to be named."""
    if connection.info.server_version < drift.since * 10_000:
        pytest.skip(f"PostgreSQL {drift.since} can do this")
    connection.execute(drift.sql)
    found = left = compare(connection, expected)
    for _ in range(ROUNDS if drift.undone else 0):
        remedies = dict.fromkeys(one.remedy for one in left if one.remedy)
        if not remedies:
            break
        for remedy in remedies:
            # Within the test's transaction nothing is done concurrently.
            connection.execute(remedy.replace(" CONCURRENTLY", ""))
        left = compare(connection, expected)
    assert not drift.undone or [one for one in left if one.remedy] == []
    return {(one.kind, one.name, one.problem, one.fact) for one in found}


@pytest.mark.parametrize("drift", BY_THE_OWNER.values(), ids=BY_THE_OWNER.keys())
def test_what_the_owner_does_by_hand_is_found(drift: Drift, owner: psycopg.Connection[Any], expected: Catalog) -> None:
    assert found_in(owner, expected, drift) == drift.found


@pytest.mark.parametrize("drift", BY_AN_ADMINISTRATOR.values(), ids=BY_AN_ADMINISTRATOR.keys())
def test_what_an_administrator_does_by_hand_is_found(
    drift: Drift, superuser: psycopg.Connection[Any], expected: Catalog
) -> None:
    assert found_in(superuser, expected, drift) == drift.found


def test_nothing_is_found_where_nothing_was_done(owner: psycopg.Connection[Any], expected: Catalog) -> None:
    assert compare(owner, expected) == []
