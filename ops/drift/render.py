"""Differences as JSON and as text."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ops.drift.check import Report
from ops.drift.differences import Difference

#: Characters of both values beyond which they are shown one below the other.
LONG = 100


def as_json(report: Report, differences: Sequence[Difference], ignored: int) -> dict[str, Any]:
    """The report with stable keys; `differences` are those that count."""
    return {
        "drift": len(differences),
        "ignored": ignored,
        "objects": report.objects,
        "pending": list(report.pending),
        "reference": {"digest": report.reference.digest, "cached": report.reference.cached},
        "seconds": round(report.seconds, 3),
        "differences": [asdict(difference) for difference in differences],
    }


def as_lines(difference: dict[str, Any]) -> Iterator[str]:
    """One difference for people: what it is, both values, and the statement that undoes it."""
    head = f"{difference['problem']} {difference['kind']} {difference['name']}"
    if difference["fact"] is None:
        yield head
    elif difference["problem"] != "changed":
        yield f"{head}: {difference['fact']}"
    else:
        expected, found = _text(difference["expected"]), _text(difference["found"])
        if "\n" in expected or "\n" in found or len(expected) + len(found) > LONG:
            yield f"{head}: {difference['fact']}"
            changed = difflib.unified_diff(expected.splitlines(), found.splitlines(), n=1, lineterm="")
            yield from (f"    {line}" for line in changed if not line.startswith(("---", "+++", "@@ -1 +1 @@")))
        else:
            yield f"{head}: {difference['fact']} should be {expected}, is {found}"
    if difference["remedy"]:
        first, *rest = difference["remedy"].strip().splitlines()
        yield f"    → {first}{' …' if rest else ''}"


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
