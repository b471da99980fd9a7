"""Checks every invariant of every app on one snapshot of the database."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from audit.choices import Severity, SystemEventType
from audit.models import SystemEvent
from audit.services import record_system_event
from config.database.invariants import Invariant, written_lately
from config.database.owner import connected_as_owner

SERVICE = "verify_books"
#: Transaction numbers are compared in 32 bits, as rows carry them: farther back nothing can be told.
HORIZON = 2**31


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one invariant has found: how many broken rows, and the first of them as (id, problem)."""

    invariant: Invariant
    broken: int
    rows: list[tuple[str, str]]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """All findings; `since` is the transaction from which on rows were checked, None for all."""

    findings: list[Finding]
    since: int | None

    @property
    def broken(self) -> int:
        return sum(finding.broken for finding in self.findings)


def invariants() -> list[Invariant]:
    """Those of every app that lists some, in the order of the apps."""
    return [
        invariant
        for app in apps.get_app_configs()
        # Apps of the project's domain have plain names; config.database.invariants says what an invariant is.
        if "." not in app.name and find_spec(f"{app.name}.invariants")
        for invariant in import_module(f"{app.name}.invariants").INVARIANTS
    ]


def verify_books(
    *,
    incremental: bool = False,
    limit: int = 20,
    checks: list[Invariant] | None = None,
    done: Callable[[Invariant], None] = lambda invariant: None,
) -> Report:
    """Check all invariants and write the result into `system_events`; `limit` broken rows are named for each.

    With `incremental`, what has been written since the last run that found nothing; everything where there was none,
    or where the database has been restored since. The next such run starts where this one's snapshot ends, if the
    login of the schema's owner (MIGRATE_DATABASE_URL) is there to write that down.
    """
    findings = []
    with _one_snapshot() as cursor:
        cursor.execute(_POINT)
        here, next_xid, database = cursor.fetchone()
        since = _verified_until(here=here, next_xid=next_xid, database=database) if incremental else None
        first_keys: dict[str, Any] = {}
        for invariant in invariants() if checks is None else checks:
            started = time.monotonic()
            rows = broken_rows(cursor, invariant, since=since, first_keys=first_keys, limit=limit)
            findings.append(
                Finding(
                    invariant=invariant,
                    broken=rows[0][2] if rows else 0,
                    rows=[(key, problem) for key, problem, _ in rows],
                    seconds=time.monotonic() - started,
                )
            )
            done(invariant)
    report = Report(findings=findings, since=since)
    _record(report, point={"xid": here, "database": database})
    return report


@contextmanager
def _one_snapshot() -> Iterator[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # It takes as long as it takes. Memory lets large tables be sorted and hashed in few passes; what an index has
        # in order already is read through it, which the planner's price of a moving disk head would forbid.
        cursor.execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
            " SET LOCAL work_mem = '256MB'; SET LOCAL random_page_cost = 1.1"
        )
        yield cursor


# All transactions below the first number have ended, and are seen. A restored database counts anew.
_POINT = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
           format('%s:%s', system_identifier, oid)
      FROM pg_database, pg_control_system() WHERE datname = current_database()
"""


def _verified_until(*, here: int, next_xid: int, database: str) -> int | None:
    """The transaction up to which the last good run has seen everything."""
    last = (
        SystemEvent.objects.filter(event_type=SystemEventType.BOOKS_VERIFIED, service=SERVICE, details__has_key="point")
        .order_by("-created_at", "-id")
        .first()
    )
    if last is None:
        return None
    point = last.details["point"]
    xid: int = point["xid"]
    usable = point["database"] == database and xid <= here and next_xid - xid < HORIZON
    return xid if usable else None


def broken_rows(
    cursor: Any, invariant: Invariant, *, since: int | None, first_keys: dict[str, Any], limit: int
) -> list[tuple[str, str, int]]:
    """(id, problem, number of all broken rows), at most `limit` of them, of what was written from `since` on.

    `first_keys` remembers by table where that begins.
    """
    query, parameters = invariant.sql, None
    if since is not None and invariant.lately:
        query, parameters = invariant.lately, {}
        for name in re.findall(r"%\((\w+)\)s", query):
            if name != "xid" and name not in first_keys:
                first_keys[name] = _first_key_since(cursor, name, since)
            parameters[name] = since if name == "xid" else first_keys[name]
    cursor.execute(
        f"SELECT id, problem, count(*) OVER () FROM ({query}) AS broken (id, problem) ORDER BY id LIMIT {limit:d}",
        parameters,
    )
    rows: list[tuple[str, str, int]] = cursor.fetchall()
    return rows


def _first_key_since(cursor: Any, table: str, since: int) -> Any:
    """The smallest key of the rows that transactions from `since` on have written; None where there are none.

    Keys are given out before the commit, so they alone do not tell what is new. The expression keeps the planner from
    walking the index of the key, from its old end.
    """
    cursor.execute(
        "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'id'", [table]
    )
    key = 'min(id::text COLLATE "C")::uuid' if cursor.fetchone()[0] == "uuid" else "min(id + 0)"
    cursor.execute(f"SELECT {key} FROM {table} WHERE {written_lately(table)}", {"xid": since})
    return cursor.fetchone()[0]


def _record(report: Report, *, point: dict[str, Any]) -> None:
    broken = {finding.invariant.name: finding.broken for finding in report.findings if finding.broken}
    details: dict[str, Any] = {"rules": len(report.findings), "incremental": report.since is not None}
    # Only what was found sound is a point to go on from, and the application may not write one.
    with connected_as_owner():
        if broken:
            details["broken"] = broken
        elif _is_owner():
            details["point"] = point
        record_system_event(
            event_type=SystemEventType.BOOKS_VERIFIED,
            severity=Severity.CRITICAL if broken else Severity.INFO,
            message=f"{report.broken} broken rows were found." if broken else "The books hold.",
            details=details,
            service=SERVICE,
        )


def _is_owner() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user::regrole = relowner FROM pg_class WHERE oid = %s::regclass",
            [SystemEvent._meta.db_table],
        )
        return bool(cursor.fetchone()[0])
