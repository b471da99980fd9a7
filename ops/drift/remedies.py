"""The SQL that undoes a difference, where it is obvious and loses nothing: a suggestion, never run by itself."""

from collections.abc import Callable
from typing import Any

from psycopg import sql

from ops.drift.catalog import Item

#: Kinds whose name is all that DROP needs. Tables, columns and schemas hold data: their end is a decision.
DROPPED_BY_NAME = {
    "event trigger", "extension", "function", "publication", "sequence", "statistics", "type",
}  # fmt: skip
OF_A_TABLE = {"policy": "POLICY", "rule": "RULE", "trigger": "TRIGGER"}


def remedy_of_missing(kind: str, name: str, item: Item) -> str | None:
    if kind == "grant":
        return _grant("GRANT", name, item.facts["privileges"])
    if kind == "index":
        return _made_online(item)
    return f"{item.sql};" if item.sql else None


def remedy_of_unexpected(kind: str, name: str, item: Item) -> str | None:
    short, _, table = name.rpartition(" of ")
    if kind == "grant":
        return _grant("REVOKE", name, item.facts["privileges"])
    if kind in DROPPED_BY_NAME:
        return f"DROP {kind.upper()} {name};"
    if kind in OF_A_TABLE:
        return f"DROP {OF_A_TABLE[kind]} {short} ON {table};"
    match kind:
        case "constraint":
            return f"ALTER TABLE {table} DROP CONSTRAINT {short};"
        case "index":
            return _dropped_online(name, item)
        case "view":
            return f"DROP {'MATERIALIZED ' if item.facts['kind'].startswith('mat') else ''}VIEW {name};"
        case "membership":
            member, _, group = name.partition(" in ")
            return f"REVOKE {group} FROM {member};"
        case "parameter":
            grantee, _, parameter = name.partition(" on ")
            return f"REVOKE {item.facts['privileges']} ON PARAMETER {parameter} FROM {grantee};"
        case "setting":
            return f"ALTER ROLE {table} RESET {short};" if " " not in table else None
    return None


def remedy_of_change(kind: str, name: str, fact: str, wanted: Item, there: Item) -> str | None:
    expected = wanted.facts.get(fact)
    if fact == "comment":
        return _comment(kind, name, expected)
    if kind == "grant":
        return _change_of_rights(name, wanted.facts["privileges"], there.facts["privileges"])
    if kind in {"function", "view"} and fact != "owner":
        replaced = wanted.sql.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1) if wanted.sql else None
        return f"{replaced.rstrip(';')};" if replaced and "MATERIALIZED" not in replaced else None
    if fact == "owner" and kind in {"table", "view", "sequence", "function", "type", "schema"}:
        return f"ALTER {kind.upper()} {name} OWNER TO {expected};"
    if kind == "role":
        return f"ALTER ROLE {name} {'' if expected else 'NO'}{fact};"
    made = CHANGES.get(kind, {}).get(fact)
    return made(name, expected, wanted) if made else None


def _column(change: Callable[[Any], str]) -> Callable[[str, Any, Item], str]:
    def alter(name: str, expected: Any, wanted: Item) -> str:
        table, _, column = name.partition(".")
        return f"ALTER TABLE {table} ALTER COLUMN {column} {change(expected)};"

    return alter


def _row_security(name: str, expected: Any, wanted: Item) -> str:
    words = {"off": "NO FORCE ROW LEVEL SECURITY, DISABLE", "enabled": "NO FORCE ROW LEVEL SECURITY, ENABLE",
             "forced": "FORCE ROW LEVEL SECURITY, ENABLE"}  # fmt: skip
    return f"ALTER TABLE {name} {words[expected]} ROW LEVEL SECURITY;"


def _enabled(name: str, expected: Any, wanted: Item) -> str:
    trigger, _, table = name.rpartition(" of ")
    words = {"yes": "ENABLE", "no": "DISABLE", "always": "ENABLE ALWAYS"}
    return f"ALTER TABLE {table} {words.get(expected, 'ENABLE REPLICA')} TRIGGER {trigger};"


def _constraint(name: str, expected: Any, wanted: Item) -> str:
    constraint, _, table = name.rpartition(" of ")
    addition = str(wanted.sql).partition(" ADD CONSTRAINT ")[2]
    return f"ALTER TABLE {table} DROP CONSTRAINT {constraint}, ADD CONSTRAINT {addition};"


def _made_online(index: Item) -> str:
    """Without stopping writers, which PostgreSQL cannot do for all partitions at once."""
    sql = str(index.sql)
    if " ON ONLY " in sql:
        return f"{sql.replace(' ON ONLY ', ' ON ', 1)};"
    return f"{sql.replace('INDEX ', 'INDEX CONCURRENTLY ', 1)};"


def _dropped_online(name: str, index: Item) -> str:
    return f"DROP INDEX {'' if ' ON ONLY ' in str(index.sql) else 'CONCURRENTLY '}{name};"


def _validated(name: str, expected: Any, wanted: Item) -> str | None:
    constraint, _, table = name.rpartition(" of ")
    return f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};" if expected else None


def _trigger(name: str, expected: Any, wanted: Item) -> str:
    return f"{str(wanted.sql).replace('CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER', 1)};"


#: Kind → fact → the statement, from the object's name, the value that it should have, and the object as it should be.
CHANGES: dict[str, dict[str, Callable[[str, Any, Item], str | None]]] = {
    "column": {
        "type": _column(lambda value: f"TYPE {value}"),
        "default": _column(lambda value: f"SET DEFAULT {value}" if value is not None else "DROP DEFAULT"),
        "required": _column(lambda value: "SET NOT NULL" if value else "DROP NOT NULL"),
        "storage": _column(lambda value: f"SET STORAGE {value.upper()}"),
        "compression": _column(lambda value: f"SET COMPRESSION {value or 'default'}"),
        "statistics target": _column(lambda value: f"SET STATISTICS {-1 if value is None else value}"),
    },
    "constraint": {
        "validated": _validated,
        "enforced": lambda name, expected, wanted: f"ALTER TABLE {wanted.part_of} ENABLE TRIGGER ALL;",
        "definition": _constraint,
        "deferrable": _constraint,
    },
    "index": {
        "valid": lambda name, expected, wanted: f"REINDEX INDEX CONCURRENTLY {name};",
        "definition": lambda name, expected, wanted: f"{_dropped_online(name, wanted)} {_made_online(wanted)}",
    },
    "trigger": {
        "enabled": _enabled,
        "definition": _trigger,
    },
    "table": {
        "row security": _row_security,
        "storage options": lambda name, expected, wanted: f"ALTER TABLE {name} SET ({expected});" if expected else None,
        "persistence": lambda name, expected, wanted: (
            f"ALTER TABLE {name} SET {'LOGGED' if expected == 'permanent' else 'UNLOGGED'};"
        ),
    },
    "extension": {"version": lambda name, expected, wanted: f"ALTER EXTENSION {name} UPDATE TO '{expected}';"},
    "sequence": {
        "increment": lambda name, expected, wanted: f"ALTER SEQUENCE {name} INCREMENT {expected};",
        "cycles": lambda name, expected, wanted: f"ALTER SEQUENCE {name} {'' if expected else 'NO '}CYCLE;",
        "cache": lambda name, expected, wanted: f"ALTER SEQUENCE {name} CACHE {expected};",
    },
}


def _grant(verb: str, name: str, privileges: str) -> str | None:
    """GRANT or REVOKE from a grant's name: `trading_app on column orders.status`."""
    grantee, _, target = name.partition(" on ")
    kind, _, what = target.partition(" ")
    if grantee == "owner":
        return None
    plain = privileges.replace("*", "")
    passed_on = " WITH GRANT OPTION" if verb == "GRANT" and "*" in privileges else ""
    if kind == "column":
        table, _, column = what.partition(".")
        plain, kind, what = ", ".join(f"{one} ({column})" for one in plain.split(", ")), "table", table
    if kind == "database":
        return None
    keyword = "TABLE" if kind in {"view", "materialised"} else kind.upper()
    what = what.removeprefix("view ") if kind == "materialised" else what
    return f"{verb} {plain} ON {keyword} {what} {'TO' if verb == 'GRANT' else 'FROM'} {grantee}{passed_on};"


def _change_of_rights(name: str, expected: str, found: str) -> str | None:
    wanted, there = set(expected.split(", ")), set(found.split(", "))
    statements = [
        _grant("REVOKE", name, ", ".join(sorted(there - wanted))) if there - wanted else None,
        _grant("GRANT", name, ", ".join(sorted(wanted - there))) if wanted - there else None,
    ]
    return " ".join(filter(None, statements)) or None


def _comment(kind: str, name: str, expected: str | None) -> str | None:
    short, _, table = name.rpartition(" of ")
    target = {
        "constraint": f"CONSTRAINT {short} ON {table}",
        **{of_table: f"{keyword} {short} ON {table}" for of_table, keyword in OF_A_TABLE.items()},
    }.get(kind, f"{kind.upper()} {name}")
    literal = sql.Literal(expected).as_string(None) if expected is not None else "NULL"
    return f"COMMENT ON {target} IS {literal};"
