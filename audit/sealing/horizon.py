"""Up to where transactions have all ended, and what keeps that point back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Longest-running transactions first that hold a number; the sealer's own has none yet.
_HOLDERS = """
    SELECT format('session %%s of %%s (%%s)', pid, coalesce(usename, 'an unknown role'),
                  coalesce(nullif(application_name, ''), 'no name')),
           extract(epoch FROM clock_timestamp() - xact_start)::float8, age(backend_xid) AS behind
      FROM pg_stat_activity
     WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
     UNION ALL
    SELECT format('prepared transaction %%s of %%s', gid, owner),
           extract(epoch FROM clock_timestamp() - prepared)::float8, age(transaction)
      FROM pg_prepared_xacts
     ORDER BY behind DESC LIMIT 1
"""

#: Holders of a number whose session this role is not shown.
_HIDDEN = """
    SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND a.backend_xid IS NULL AND a.xact_start IS NULL
       AND l.pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Delay:
    """The transaction that keeps rows from being sealed: who, and for how many seconds; None seconds if hidden."""

    holder: str
    seconds: float | None


def delay(cursor: Any) -> Delay | None:
    """What the sealer waits for; None where nothing runs."""
    cursor.execute(_HOLDERS, [])
    row = cursor.fetchone()
    if row:
        return Delay(row[0], row[1])
    cursor.execute(_HIDDEN, [])
    (hidden,) = cursor.fetchone()
    return Delay(f"{hidden} sessions of roles that this one is not shown", None) if hidden else None


@dataclass(frozen=True)
class Horizon:
    """Numbers of transactions: all below `xmin` have ended, none from `xmax` on has begun; and which database it is."""

    xmin: int
    xmax: int
    database: str


def horizon(cursor: Any) -> Horizon:
    """That of the cursor's snapshot."""
    cursor.execute(
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
        " pg_snapshot_xmax(pg_current_snapshot())::text::bigint,"
        " format('%%s:%%s', system_identifier, oid)"
        " FROM pg_database, pg_control_system() WHERE datname = current_database()",
        [],
    )
    return Horizon(*cursor.fetchone())
