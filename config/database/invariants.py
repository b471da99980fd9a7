"""What must hold over many rows: each app lists its own in `invariants.py`, `verify_books` checks them all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    """A query that finds the rows of `table` of which the `sentence` is not true.

    `sql` yields `id::text, problem::text` of each broken row, set-wise and in as few passes over the tables as it
    takes. `since_sql` is the same for what was written lately: the rows of `since_table` (`table`, if it is not given)
    whose key is `%(since)s` or later; a percent sign is written twice there. Without one, the whole is checked.
    """

    name: str
    table: str
    sentence: str
    sql: str
    since_sql: str = ""
    since_table: str = ""
