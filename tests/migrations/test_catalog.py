"""What must hold for every table, read from PostgreSQL's own catalog."""

import importlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from config.database.fields import EncryptedTextField
from tests.migrations.schema import (
    APPEND_ONLY,
    FILL_FACTORS,
    HOT,
    PARTITIONED,
    SECRET,
    SOFT_DELETED,
    STATISTICS,
    TABLES,
)

Sql = Callable[..., list[dict[str, Any]]]
PROJECT = Path(__file__).resolve().parent.parent.parent
APPS = ["accounts", "trading", "liquidity", "risk", "audit", "ops"]
READERS = ["trading_readonly", "trading_auditor"]

#: Tables of ours that are no partitions, as `t`.
FROM_TABLES = "pg_class t WHERE t.relnamespace = current_schema()::regnamespace AND NOT t.relispartition"

INDEXES = """
    SELECT t.relname AS table, i.relname AS name, am.amname AS method, x.indisunique AS unique,
           x.indisprimary AS primary, x.indisvalid AS valid, k.contype AS constraint,
           coalesce(pg_get_expr(x.indpred, x.indrelid), '') AS predicate,
           x.indnatts > x.indnkeyatts AS covering,
           ARRAY(SELECT pg_get_indexdef(i.oid, n, true) FROM generate_series(1, x.indnkeyatts) n) AS keys,
           ARRAY(SELECT opcname FROM unnest(x.indclass) WITH ORDINALITY u (class, n)
                   JOIN pg_opclass ON pg_opclass.oid = class ORDER BY n) AS classes,
           EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = i.oid AND f.contype = 'f') AS referenced
      FROM pg_index x
      JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_class i ON i.oid = x.indexrelid
      JOIN pg_am am ON am.oid = i.relam
      LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.contype IN ('p', 'u', 'x')
     WHERE t.relname = ANY (%s) AND t.relnamespace = current_schema()::regnamespace
     ORDER BY 1, 2
"""

CONSTRAINTS = """
    SELECT t.relname AS table, k.conname AS name, k.contype AS kind, k.convalidated AS validated,
           k.confdeltype AS on_delete, pg_get_constraintdef(k.oid) AS definition
      FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
     WHERE t.relname = ANY (%s) AND t.relnamespace = current_schema()::regnamespace AND k.contype <> 'n'
     ORDER BY 1, 2
"""

COLUMNS = """
    SELECT t.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
           a.attnotnull AS required, pg_get_expr(d.adbin, d.adrelid) AS default, a.attidentity AS identity,
           a.attstattarget AS statistics
      FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
      LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
     WHERE t.relname = ANY (%s) AND t.relnamespace = current_schema()::regnamespace
       AND a.attnum > 0 AND NOT a.attisdropped
"""

FUNCTIONS = """
    SELECT p.proname AS name, p.prosrc AS source, p.prosecdef AS definer, p.proconfig AS settings
      FROM pg_proc p
     WHERE p.pronamespace = current_schema()::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
"""

#: Triggers of every table, partitions included; `events` as in pg_trigger.tgtype.
TRIGGERS = """
    SELECT t.relname AS table, tgname AS name, tgfoid::regproc::text AS function, tgenabled AS enabled,
           tgtype & 1 > 0 AS per_row, tgtype & 2 > 0 AS before,
           tgtype & 8 > 0 AS on_delete, tgtype & 16 > 0 AS on_update, tgtype & 32 > 0 AS on_truncate
      FROM pg_trigger JOIN pg_class t ON t.oid = tgrelid
     WHERE NOT tgisinternal AND t.relnamespace = current_schema()::regnamespace
"""

LEAVES = """
    SELECT child.relname AS name, pg_get_expr(child.relpartbound, child.oid) AS bounds
      FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
     WHERE inhparent = %s::regclass
"""


@pytest.fixture
def indexes(owner_sql: Sql) -> list[dict[str, Any]]:
    return owner_sql(INDEXES, [[*TABLES]])


@pytest.fixture
def constraints(owner_sql: Sql) -> list[dict[str, Any]]:
    return owner_sql(CONSTRAINTS, [[*TABLES]])


@pytest.fixture
def columns(owner_sql: Sql) -> list[dict[str, Any]]:
    return owner_sql(COLUMNS, [[*TABLES]])


@pytest.fixture
def triggers(owner_sql: Sql) -> list[dict[str, Any]]:
    return owner_sql(TRIGGERS)


# Tables ------------------------------------------------------------------------------------------


def test_every_table_exists_as_the_kind_that_it_must_be(owner_sql: Sql) -> None:
    kinds = {row["relname"]: row["relkind"] for row in owner_sql(f"SELECT relname, relkind FROM {FROM_TABLES}")}
    assert {name: kinds.get(name) for name in TABLES} == {
        name: "p" if table.key else "r" for name, table in TABLES.items()
    }


def test_no_app_has_a_table_beside_these() -> None:
    models = {model._meta.db_table: app for app in APPS for model in apps.get_app_config(app).get_models()}
    assert models == {name: table.app for name, table in TABLES.items()}


def test_no_table_belongs_to_anybody_but_the_owner(owner_sql: Sql) -> None:
    owners = owner_sql(f"SELECT DISTINCT relowner::regrole::text AS name FROM {FROM_TABLES}")
    assert [row["name"] for row in owners] == ["trading_owner"]


def test_every_column_has_an_exact_type(columns: list[dict[str, Any]]) -> None:
    inexact = {"real", "double precision", "money", "json", "timestamp without time zone", "time with time zone"}
    assert [f"{row['table']}.{row['name']} {row['type']}" for row in columns if row["type"] in inexact] == [
        "audit_log.changes json"  # kept as it was written, which nobody searches in
    ]
    unbounded = [f"{row['table']}.{row['name']}" for row in columns if row["type"] == "numeric"]
    assert unbounded == []


def test_the_database_makes_every_key_and_every_time_of_writing(columns: list[dict[str, Any]]) -> None:
    lacking = [
        f"{row['table']}.{row['name']}"
        for row in columns
        if (row["name"] in {"created_at", "updated_at"} and row["default"] != "CURRENT_TIMESTAMP")
        or (row["name"] == "id" and row["type"] == "uuid" and row["default"] != "uuidv7()")
        or (row["name"] == "id" and row["type"] == "bigint" and not row["identity"])
    ]
    assert lacking == []


def test_metadata_is_never_null(columns: list[dict[str, Any]]) -> None:
    rows = [row for row in columns if row["name"] == "metadata"]
    assert rows
    assert [row["table"] for row in rows if not row["required"] or row["default"] != "'{}'::jsonb"] == []


# Partitions --------------------------------------------------------------------------------------


def test_the_apps_declare_every_partitioned_table() -> None:
    declared = {
        item.table: (app, item.interval.value, item.premake)
        for app in APPS
        if (PROJECT / app / "partitions.py").exists()
        for item in importlib.import_module(f"{app}.partitions").PARTITIONED
    }
    assert declared == {name: (TABLES[name].app, TABLES[name].interval, TABLES[name].premake) for name in PARTITIONED}


@pytest.mark.parametrize("table", PARTITIONED)
def test_a_table_is_cut_by_its_time(table: str, owner_sql: Sql) -> None:
    (row,) = owner_sql("SELECT pg_get_partkeydef(%s::regclass) AS key", [table])
    assert row["key"] == f"RANGE ({TABLES[table].key})"


@pytest.mark.parametrize("table", PARTITIONED)
def test_partitions_reach_from_now_to_the_end_of_time_without_a_gap(table: str, owner_sql: Sql) -> None:
    leaves = owner_sql(LEAVES, [table])
    assert not [leaf for leaf in leaves if leaf["bounds"] == "DEFAULT"]
    bounds = sorted(
        re.findall(r"FROM \('([^']+)'\) TO \((?:'([^']+)'|MAXVALUE)\)", " ".join(leaf["bounds"] for leaf in leaves))
    )
    assert len(bounds) == len(leaves) == TABLES[table].premake + 2
    assert [upper for _, upper in bounds[:-1]] == [lower for lower, _ in bounds[1:]]
    assert bounds[-1][1] == ""
    lowers = [datetime.fromisoformat(lower) for lower, _ in bounds]
    # The template may have been made some days ago.
    assert lowers[0] <= datetime.now(UTC) < lowers[-1]
    assert all((lower.hour, lower.minute, lower.utcoffset()) == (0, 0, timedelta(0)) for lower in lowers)
    lengths = {(after - before).days for before, after in pairwise(lowers)}
    assert lengths <= {"day": {1}, "week": {7}, "month": {28, 29, 30, 31}}[TABLES[table].interval]
    assert TABLES[table].interval != "week" or lowers[0].isoweekday() == 1
    assert TABLES[table].interval != "month" or {lower.day for lower in lowers} == {1}


# Names -------------------------------------------------------------------------------------------

#: A constraint trigger is called after its rule.
KINDS = {"c": "check", "f": "fk", "u": "uniq", "x": "excl", "t": "[a-z0-9]+"}


def test_every_constraint_is_named_after_its_table_and_kind(constraints: list[dict[str, Any]]) -> None:
    wrong = [
        row["name"]
        for row in constraints
        if not re.fullmatch(
            f"{row['table']}_pkey" if row["kind"] == "p" else f"{row['table']}_[a-z0-9_]+_{KINDS[row['kind']]}",
            row["name"],
        )
    ]
    assert wrong == []


def test_every_index_is_named_after_its_table_and_kind(indexes: list[dict[str, Any]]) -> None:
    assert [row["name"] for row in indexes if not _well_named(row)] == []


def _well_named(index: dict[str, Any]) -> bool:
    """`<table>_<what>_<kind>`; Django's 30 characters make the words of a long table's name shorter or fewer."""
    if index["constraint"]:
        return True
    words, table = index["name"].split("_"), index["table"].split("_")
    shortened = len(table) > 1 and all(full.startswith(word) for full, word in zip(table[:2], words, strict=False))
    kind = "uniq" if index["unique"] else "idx"
    return words[-1] == kind and (shortened or index["name"].startswith(f"{index['table']}_"))


# Indexes -----------------------------------------------------------------------------------------


def test_there_are_indexes_of_every_kind(indexes: list[dict[str, Any]]) -> None:
    declared = [row for row in indexes if not row["primary"]]
    assert len(declared) >= 80
    kinds = {
        "B-tree": [row for row in declared if row["method"] == "btree"],
        "composite": [row for row in declared if len(row["keys"]) > 1],
        "partial": [row for row in declared if row["predicate"]],
        "unique": [row for row in declared if row["unique"]],
        "covering": [row for row in declared if row["covering"]],
        "GIN jsonb_path_ops": [row for row in declared if "jsonb_path_ops" in row["classes"]],
        "GIN gin_trgm_ops": [row for row in declared if "gin_trgm_ops" in row["classes"]],
        "BRIN": [row for row in declared if row["method"] == "brin"],
        "exclusion": [row for row in declared if row["constraint"] == "x" and row["method"] == "gist"],
    }
    assert [kind for kind, found in kinds.items() if not found] == []


def test_no_index_serves_what_another_one_does(indexes: list[dict[str, Any]]) -> None:
    """A B-tree whose columns begin another one is not needed, unless it makes rows unique.

    Then the longer one is not needed, unless a foreign key points at it.
    """
    trees = [row for row in indexes if row["method"] == "btree"]
    redundant = [
        f"{short['name']} begins {long['name']}"
        for short, long in permutations(trees, 2)
        if short["table"] == long["table"]
        and short["predicate"] == long["predicate"]
        and _columns(short) == _columns(long)[: len(short["keys"])]
        and not (short["unique"] and long["referenced"])
    ]
    assert redundant == []


def _columns(index: dict[str, Any]) -> list[tuple[str, str]]:
    """Direction is left out: an index is read both ways."""
    keys = [re.sub(r" (DESC|ASC)?( ?NULLS (FIRST|LAST))?$", "", key) for key in index["keys"]]
    return list(zip(keys, index["classes"], strict=False))


@pytest.mark.parametrize("table", HOT)
def test_a_hot_table_has_at_most_five_indexes(table: str, indexes: list[dict[str, Any]]) -> None:
    """A BRIN is not counted: a new row changes none of its few pages."""
    assert (
        len([row for row in indexes if row["table"] == table and not row["primary"] and row["method"] != "brin"]) <= 5
    )


def test_no_index_of_a_hot_table_is_on_what_every_update_changes(indexes: list[dict[str, Any]]) -> None:
    assert [
        row["name"]
        for row in indexes
        if row["table"] in HOT and ("updated_at" in row["keys"] or (row["keys"] == ["status"] and not row["predicate"]))
    ] == []


def test_every_index_is_valid(owner_sql: Sql) -> None:
    assert owner_sql("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid OR NOT indisready") == []


# Constraints -------------------------------------------------------------------------------------


def test_every_constraint_is_validated(constraints: list[dict[str, Any]]) -> None:
    assert [row["name"] for row in constraints if not row["validated"]] == []


def test_no_foreign_key_deletes_history(constraints: list[dict[str, Any]]) -> None:
    assert [row["name"] for row in constraints if row["kind"] == "f" and row["on_delete"] not in "ar"] == []


def test_logs_have_no_foreign_keys_to_other_tables(constraints: list[dict[str, Any]]) -> None:
    """They outlive what they describe."""
    logs = {name for name, table in TABLES.items() if table.key or table.app == "audit"}
    assert [
        row["name"]
        for row in constraints
        if row["kind"] == "f" and row["table"] in logs and f"REFERENCES {row['table']}(" not in row["definition"]
    ] == []


def test_every_constraint_is_tried_by_a_test(constraints: list[dict[str, Any]], indexes: list[dict[str, Any]]) -> None:
    """By its name in a test's text, or in `TRIED` of a test_constraints.py."""
    named = {row["name"] for row in constraints if row["kind"] != "p"}
    named |= {row["name"] for row in indexes if row["unique"] and not row["primary"]}
    tests = [path for path in (PROJECT / "tests").rglob("test_*.py") if path != Path(__file__)]
    tried = {word for path in tests for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    for path in (PROJECT / "tests").glob("*/test_constraints.py"):
        tried |= set(getattr(importlib.import_module(f"tests.{path.parent.name}.{path.stem}"), "TRIED", ()))
    assert sorted(named - tried) == []


# Triggers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_a_row_is_never_changed_or_removed(table: str, triggers: list[dict[str, Any]], owner_sql: Sql) -> None:
    leaves = [leaf["name"] for leaf in owner_sql(LEAVES, [table])]
    for name in [table, *leaves]:
        refusals = [row for row in triggers if row["table"] == name and row["function"] == "refuse_change"]
        assert all(row["enabled"] in "OA" and row["before"] for row in refusals)
        assert any(row["per_row"] and row["on_delete"] for row in refusals), f"{name} lets rows be deleted"
        guarded = [row for row in refusals if row["per_row"] and row["on_update"]]
        assert guarded or TABLES[table].amendable, f"{name} lets rows be updated"
        assert any(row["on_truncate"] for row in refusals), f"{name} can be truncated"


def test_updated_at_is_kept_by_the_database(columns: list[dict[str, Any]], triggers: list[dict[str, Any]]) -> None:
    kept = {
        row["table"]
        for row in triggers
        if row["function"] == "set_updated_at"
        and row["before"]
        and row["per_row"]
        and row["on_update"]
        and row["enabled"] in "OA"
    }
    assert {row["table"] for row in columns if row["name"] == "updated_at"} == kept & TABLES.keys()


def test_no_append_only_table_has_an_updated_at(columns: list[dict[str, Any]]) -> None:
    assert [row["table"] for row in columns if row["name"] == "updated_at" and row["table"] in APPEND_ONLY] == []


def test_soft_deleted_tables_turn_a_delete_into_an_update(
    columns: list[dict[str, Any]], triggers: list[dict[str, Any]]
) -> None:
    assert sorted(row["table"] for row in columns if row["name"] == "deleted_at") == SOFT_DELETED
    assert (
        sorted(row["table"] for row in triggers if row["function"] == "soft_delete" and row["on_delete"])
        == SOFT_DELETED
    )


# Functions ---------------------------------------------------------------------------------------


def test_no_sql_of_ours_names_the_schema(owner_sql: Sql, columns: list[dict[str, Any]]) -> None:
    """A book may live in a schema of its own: names are found by search_path."""
    named = [row["name"] for row in owner_sql(FUNCTIONS) if "public." in row["source"]]
    named += [f"{row['table']}.{row['name']}" for row in columns if "public." in (row["default"] or "")]
    files = [*PROJECT.glob("*/migrations/**/*.sql"), *PROJECT.glob("config/*/migrations/**/*.sql")]
    assert files
    named += [file.name for file in files if "public." in file.read_text(encoding="utf-8")]
    assert named == []


def test_a_function_with_its_owners_rights_looks_into_no_schema_of_the_caller(owner_sql: Sql) -> None:
    definers = [row for row in owner_sql(FUNCTIONS) if row["definer"]]
    assert definers
    assert [
        row["name"]
        for row in definers
        if not any(re.fullmatch(r"search_path=.+, pg_temp", setting) for setting in row["settings"] or [])
    ] == []


#: Types that the grammar itself names: no schema is looked into for them.
OF_THE_GRAMMAR = "bigint|boolean|integer|interval|numeric|smallint"


def test_no_variable_of_a_function_has_a_type_of_the_caller(owner_sql: Sql) -> None:
    """A session compiles a function once: called later with its owner's rights, it would run a domain's checks."""
    callable_ = owner_sql(
        f"{FUNCTIONS} AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')"
        " AND (prorettype = 'trigger'::regtype OR has_function_privilege('trading_app', p.oid, 'EXECUTE'))"
    )
    assert callable_
    declares = re.compile(rf"^DECLARE$(?!(\s+\w+ (CONSTANT )?({OF_THE_GRAMMAR})\b[^;]*;)+\s+BEGIN)", re.MULTILINE)
    assert [
        row["name"]
        for row in callable_
        if declares.search(row["source"])
        and not any(re.fullmatch(r"search_path=.+, pg_temp", setting) for setting in row["settings"] or [])
    ] == []


# Rights ------------------------------------------------------------------------------------------

GRANTS = """
    SELECT grantee::regrole::text AS role, privilege_type AS privilege, NULL AS column
      FROM pg_class, aclexplode(relacl) WHERE oid = %s::regclass AND grantee <> relowner
     UNION ALL
    SELECT grantee::regrole::text, privilege_type, attname
      FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid, aclexplode(attacl)
     WHERE pg_class.oid = %s::regclass AND grantee <> relowner
"""


def _grants(sql: Sql, table: str, role: str) -> tuple[set[str], dict[str, set[str]]]:
    """Rights on the whole table, and on columns: {"UPDATE": {"resolved_at"}}."""
    rows = [row for row in sql(GRANTS, [table, table]) if row["role"] == role]
    by_column: dict[str, set[str]] = {}
    for row in rows:
        if row["column"]:
            by_column.setdefault(row["privilege"], set()).add(row["column"])
    return {row["privilege"] for row in rows if not row["column"]}, by_column


@pytest.mark.parametrize("table", TABLES)
def test_the_application_may_do_what_the_kind_of_table_allows(
    table: str, owner_sql: Sql, columns: list[dict[str, Any]]
) -> None:
    kind = TABLES[table]
    expected = {"SELECT"}
    if not kind.readable_only:
        expected |= {"INSERT"} if kind.append_only or kind.insert_only else {"INSERT", "UPDATE", "DELETE"}
    amendable = set(kind.amendable)
    if kind.guarded:
        expected -= {"UPDATE"}
        amendable = {row["name"] for row in columns if row["table"] == table} - kind.guarded
    assert _grants(owner_sql, table, "trading_app") == (expected, {"UPDATE": amendable} if amendable else {})


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("table", TABLES)
def test_readers_only_read_and_see_no_secret(table: str, role: str, owner_sql: Sql) -> None:
    whole, by_column = _grants(owner_sql, table, role)
    assert whole <= {"SELECT"}
    assert set(by_column) <= {"SELECT"}
    assert not (whole and by_column)
    assert not (table in SECRET and whole)
    assert not by_column.get("SELECT", set()) & SECRET.get(table, set())


def test_auditors_see_every_table(owner_sql: Sql) -> None:
    assert [table for table in TABLES if _grants(owner_sql, table, "trading_auditor") == (set(), {})] == []


def test_nobody_else_has_any_right(owner_sql: Sql) -> None:
    roles = {row["role"] for table in TABLES for row in owner_sql(GRANTS, [table, table])}
    assert roles == {"trading_app", "trading_audit_owner", *READERS}
    for table in TABLES.keys() - {"audit_log", "audit_contexts"}:
        assert _grants(owner_sql, table, "trading_audit_owner") == (set(), {})
    for table in ("audit_log", "audit_contexts"):
        assert _grants(owner_sql, table, "trading_audit_owner") == ({"INSERT"}, {})


def test_every_encrypted_column_is_known_as_a_secret() -> None:
    encrypted = {
        (model._meta.db_table, field.column)
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.fields
        if isinstance(field, EncryptedTextField)
    }
    assert encrypted <= {(table, column) for table, secret in SECRET.items() for column in secret}


# Storage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", FILL_FACTORS)
def test_pages_of_changing_tables_have_room(table: str, owner_sql: Sql) -> None:
    low, high = FILL_FACTORS[table]
    (row,) = owner_sql(
        "SELECT option_value::int AS percent FROM pg_class, pg_options_to_table(reloptions)"
        " WHERE oid = %s::regclass AND option_name = 'fillfactor'",
        [table],
    )
    assert low <= row["percent"] <= high


def test_skewed_columns_are_sampled_in_depth(columns: list[dict[str, Any]]) -> None:
    deep = {(row["table"], row["name"]) for row in columns if row["statistics"] == 1000}
    assert deep >= STATISTICS
