"""What must hold over many rows: each app lists its own in `invariants.py`, `verify_books` checks them all."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    """A query that finds the rows of `table` of which the `sentence` is not true.

    `sql` yields `id::text, problem::text` of each broken row, set-wise and in as few passes over the tables as it
    takes. Where `touched` is given, a query of keys, what was written lately can be checked alone: `/* of COLUMN */`
    after a condition is where the column is compared with those keys. Another query for that is `since_sql`, in which a
    percent sign is written twice. In both, `%(orders)s` is the smallest key of the rows of `orders` that were written
    lately, null where none was, and so for each table; `%(xid)s` is the transaction with which lately begins.
    """

    name: str
    table: str
    sentence: str
    sql: str
    touched: str = ""
    since_sql: str = ""

    @property
    def lately(self) -> str:
        """The query for what was written lately; empty where everything is to be checked."""
        if not self.touched:
            return self.since_sql
        compared = lambda place: f"AND {place[1]} IN ({self.touched})"  # noqa: E731
        return re.sub(r"/\* of (.+?) \*/", compared, self.sql.replace("%", "%%"))


def written_lately(table: str) -> str:
    """The condition that the transaction `%(xid)s` or a later one wrote the row, for a table whose rows change.

    Numbers are compared in 32 bits. As an equation, because the planner takes one for rare.
    """
    return f"(({table}.xmin::text::bigint - %(xid)s) & 4294967295) >> 31 = 0"
