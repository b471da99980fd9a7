"""The chain: what a seal's hash covers, and how the next one is added.

The hash is the SHA-256 of a few lines of text, so that `sha256sum` can make it. Seals are numbered from 1 without gaps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit.choices import SealKind
from audit.sealing.tree import EMPTY_ROOT

NO_HASH = bytes(32)
LOCK = "seal_audit"
_COLUMNS = "id, kind, sealed_table, period, lo, hi, row_count, root, details, previous_hash, hash, sealed_at"
#: The same to be read: Python has no time that is infinite. A seal that says so does not have the hash of what is read.
_READ = _COLUMNS.replace("sealed_at", "greatest('0001-01-02Z', least('9999-12-30Z', sealed_at))")


@dataclass(frozen=True, kw_only=True)
class Seal:
    """One link of the chain as it is stored; `hash` is what the row says, `computed_hash` what it has to say."""

    id: int
    kind: str
    sealed_table: str = ""
    period: str = ""
    lo: int | None = None
    hi: int | None = None
    row_count: int = 0
    root: bytes = EMPTY_ROOT
    details: str = ""
    previous_hash: bytes | None
    hash: bytes = b""
    sealed_at: datetime

    def text(self) -> str:
        """What is hashed: a word and a value on each line."""
        transactions = "-" if self.lo is None else f"{self.lo} {self.hi}"
        lines = (
            ("seal", self.id),
            ("previous", (self.previous_hash or NO_HASH).hex()),
            ("kind", self.kind),
            ("table", self.sealed_table or "-"),
            ("period", self.period or "-"),
            ("transactions", transactions),
            ("rows", self.row_count),
            ("root", self.root.hex()),
            ("details", hashlib.sha256(self.details.encode()).hexdigest()),
            ("time", self.sealed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
        )
        return "".join(f"{word} {value}\n" for word, value in lines)

    @property
    def computed_hash(self) -> bytes:
        return hashlib.sha256(self.text().encode()).digest()


def seals(cursor: Any, *, after: int = 0) -> Iterator[Seal]:
    """The seals whose number is greater than `after`, in order; read in pieces, so a long chain needs little memory."""
    while True:
        cursor.execute(f"SELECT {_READ} FROM audit_seals WHERE id > %s ORDER BY id LIMIT 5000", [after])
        rows = cursor.fetchall()
        for row in rows:
            yield _seal(row)
        if len(rows) < 5000:
            return
        after = rows[-1][0]


def seals_of(cursor: Any, table: str, period: str) -> Iterator[Seal]:
    """The layouts of one table and the seals over one period of it, in order; reads no others."""
    cursor.execute(
        f"(SELECT {_READ} FROM audit_seals WHERE sealed_table = %(table)s AND kind = 'layout')"
        f" UNION ALL (SELECT {_READ} FROM audit_seals"
        " WHERE sealed_table = %(table)s AND period = %(period)s AND kind = 'rows') ORDER BY id",
        {"table": table, "period": period},
    )
    yield from map(_seal, cursor.fetchall())


def sealed_until(cursor: Any, table: str) -> int:
    """The first transaction of which no row of the table is sealed; 0 where none is."""
    cursor.execute("SELECT max(hi) FROM audit_seals WHERE sealed_table = %s", [table])
    return cursor.fetchone()[0] or 0


def newest(cursor: Any) -> Seal | None:
    """The head of the chain."""
    cursor.execute(f"SELECT {_READ} FROM audit_seals ORDER BY id DESC LIMIT 1")
    row = cursor.fetchone()
    return _seal(row) if row else None


def append(
    cursor: Any,
    head: Seal | None,
    kind: SealKind,
    *,
    table: str = "",
    period: str = "",
    bounds: tuple[int, int] | None = None,
    row_count: int = 0,
    root: bytes = EMPTY_ROOT,
    details: str = "",
) -> Seal:
    """Write the seal that follows `head`, and return it. Two writers cannot follow the same head: one is refused."""
    cursor.execute("SELECT now()")
    (now,) = cursor.fetchone()
    draft = Seal(
        id=head.id + 1 if head else 1,
        kind=str(kind.value),
        sealed_table=table,
        period=period,
        lo=bounds[0] if bounds else None,
        hi=bounds[1] if bounds else None,
        row_count=row_count,
        root=root,
        details=details,
        previous_hash=head.hash if head else None,
        sealed_at=now,
    )
    values = {**vars(draft), "hash": draft.computed_hash}
    marks = ", ".join(f"%({name})s" for name in _COLUMNS.split(", "))
    cursor.execute(f"INSERT INTO audit_seals ({_COLUMNS}) VALUES ({marks})", values)
    return Seal(**values)


def _seal(row: tuple[Any, ...]) -> Seal:
    names = _COLUMNS.split(", ")
    values = dict(zip(names, row, strict=True))
    for name in ("root", "previous_hash", "hash"):
        values[name] = bytes(values[name]) if values[name] is not None else None
    return Seal(**values)
