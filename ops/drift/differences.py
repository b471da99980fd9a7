"""What differs between two catalogs: an object that is missing, one that nobody declared, a fact that has changed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ops.drift.catalog import PARTITION, Catalog, Item
from ops.drift.remedies import remedy_of_change, remedy_of_missing, remedy_of_unexpected

#: What takes its parts along: a missing table is reported once, not with each of its columns.
WHOLES = ("table", "column", "view", "function", "type", "sequence")

#: Tables that begin with rows of the migrations, and to which the database adds its own.
GROWING = ("audit_layouts",)


@dataclass(frozen=True)
class Difference:
    """One deviation. `fact` names what has changed, with both values; `remedy` is SQL where one statement undoes it."""

    kind: str
    name: str
    problem: Literal["missing", "unexpected", "changed"]
    fact: str | None = None
    expected: Any = None
    found: Any = None
    remedy: str | None = None


def differences(expected: Catalog, found: Catalog) -> list[Difference]:
    """All differences by kind and name; none means that the two schemas are the same."""
    gone = _wholes(expected, found)
    added = _wholes(found, expected)
    result = []
    for kind in sorted({*expected.kinds, *found.kinds} - {PARTITION}):
        wanted, there = expected.kinds.get(kind, {}), found.kinds.get(kind, {})
        for name in sorted({*wanted, *there}):
            if name not in there:
                item = wanted[name]
                if item.part_of not in gone and not _is_part_of_constraint(kind, name, item, expected, found):
                    result.append(Difference(kind, name, "missing", remedy=remedy_of_missing(kind, name, item)))
            elif name not in wanted:
                item = there[name]
                if item.part_of not in added and not _is_part_of_constraint(kind, name, item, found, expected):
                    result.append(Difference(kind, name, "unexpected", remedy=remedy_of_unexpected(kind, name, item)))
            else:
                result += _changes(kind, name, wanted[name], there[name])
    return [*result, *_partitions(expected, found), *_rows(expected, found)]


def _rows(expected: Catalog, found: Catalog) -> Iterator[Difference]:
    """Rows that migrations write, as the transitions of an order's status: each must be there, and no other."""
    for table in expected.rows.keys() & found.rows.keys():
        wanted, there = Counter(expected.rows[table]), Counter(found.rows[table])
        for row in sorted((wanted - there).elements()):
            yield Difference("row", f"{table}: {row}", "missing")
        if table not in GROWING:
            for row in sorted((there - wanted).elements()):
                yield Difference("row", f"{table}: {row}", "unexpected")


def _wholes(one: Catalog, other: Catalog) -> set[str]:
    """What the first has and the second has not, and takes its parts along."""
    return {name for kind in WHOLES for name in one.kinds.get(kind, {}).keys() - other.kinds.get(kind, {}).keys()}


def _is_part_of_constraint(kind: str, name: str, item: Item, one: Catalog, other: Catalog) -> bool:
    """Whether an index that only the first has came with a key that only the first has."""
    constraint = f"{name} of {item.part_of}"
    return (
        kind == "index"
        and constraint in one.kinds.get("constraint", {})
        and constraint not in other.kinds.get("constraint", {})
    )


def _changes(kind: str, name: str, wanted: Item, there: Item) -> Iterator[Difference]:
    for fact in sorted({*wanted.facts, *there.facts}):
        expected, found = wanted.facts.get(fact), there.facts.get(fact)
        if expected == found or (fact == "order of columns" and _differ_in_columns(str(expected), str(found))):
            continue
        remedy = remedy_of_change(kind, name, fact, wanted, there)
        yield Difference(kind, name, "changed", fact, expected, found, remedy)


def _differ_in_columns(expected: str, found: str) -> bool:
    """A column too many or too few is reported by itself; then the order says nothing more."""
    return sorted(expected.split(", ")) != sorted(found.split(", "))


def _partitions(expected: Catalog, found: Catalog) -> Iterator[Difference]:
    """Each partition against one that the migrations make of the same table; which ones there are is data."""
    models: dict[str, list[dict[str, Any]]] = {}
    for item in expected.kinds.get(PARTITION, {}).values():
        models.setdefault(item.facts["of"], []).append(item.facts)
    endless = {item.facts["of"] for item in found.kinds.get(PARTITION, {}).values() if _is_endless(item.facts)}
    for table, leaves in models.items():
        if table in found.kinds["table"] and table not in endless and any(map(_is_endless, leaves)):
            detached = f"{table}_catch_all" in found.kinds["table"]
            remedy = None if detached else f"SELECT add_catch_all_partition('{table}');"
            yield Difference(PARTITION, f"of {table}", "missing", "the one without an end", remedy=remedy)
    for name, item in found.kinds.get(PARTITION, {}).items():
        candidates = models.get(item.facts["of"], [])
        if not candidates or item.facts in candidates:
            continue
        closest = min(candidates, key=lambda facts: len(_unequal(facts, item.facts)))
        objects: dict[str, list[str]] = {}
        for fact in sorted(_unequal(closest, item.facts)):
            objects.setdefault(fact.split(":")[0], []).append(fact)
        for thing, facts in objects.items():
            wanted, there = _parts(thing, closest), _parts(thing, item.facts)
            if not there:
                yield Difference(PARTITION, name, "missing", thing)
            elif not wanted:
                yield Difference(PARTITION, name, "unexpected", thing)
            else:
                for fact in facts:
                    yield Difference(PARTITION, name, "changed", fact, closest.get(fact), item.facts.get(fact))


def _is_endless(facts: dict[str, Any]) -> bool:
    return facts.get("table: bounds") == "TO (MAXVALUE)"


def _unequal(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {fact for fact in one.keys() | other.keys() if one.get(fact) != other.get(fact)}


def _parts(thing: str, facts: dict[str, Any]) -> list[str]:
    return [fact for fact in facts if fact.split(":")[0] == thing]
