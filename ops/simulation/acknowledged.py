"""The file of acknowledged events, and what the database must have of them: each exactly once.

One line of JSON per business event whose commit was acknowledged: `{"client": 1, "kind": "apply_fill", "subject": "…",
"key": "…"}`. The subject is the client order id or the cash request's reference, the key what makes the event unique. A
line is written at once, by a single call, so that those of several clients never mix and none is lost with its process.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from config.commands import UsageFailed

#: What the order's chain has of each event, by FIX's exec type.
EXEC_TYPES = {
    "submit_order": ["pending_new"],
    "acknowledge_order": ["new"],
    "reject_order": ["rejected"],
    "request_replace": ["pending_replace"],
    "accept_replace": ["replaced"],
    "reject_replace": ["restated"],
    "request_cancel": ["pending_cancel"],
    "accept_cancel": ["canceled"],
    "reject_cancel": ["restated"],
    "cancel_order": ["pending_cancel", "canceled"],
    "apply_fill": ["trade"],
    "bust_trade": ["trade_cancel"],
    "correct_trade": ["trade_cancel", "trade"],
}
CASH_STATUSES = {
    "request_cash": "asked",
    "approve_cash": "completed",
    "reject_cash": "failed",
    "cancel_cash": "canceled",
}
#: Keys that one query asks for.
BATCH = 10_000

_ORDERS = """
    SELECT client_order_id, exec_type, count(*)
      FROM orders JOIN order_audit ON order_id = orders.id
     WHERE client_order_id = ANY (%s) AND exec_type <> 'expired' GROUP BY 1, 2
"""
_LAST_EVENT = """
    SELECT exec_type FROM orders JOIN order_audit ON order_id = orders.id
     WHERE client_order_id = %s AND exec_type <> 'expired' ORDER BY seq DESC LIMIT 1
"""
# A fill counts with all that hangs on it only: its trades, each with its position's event.
_FILLS = """
    SELECT execution_id, 'execution', count(*) FROM order_fills
     WHERE execution_id = ANY (%s)
       AND fill_quantity = (SELECT sum(trades.quantity) FROM trades JOIN position_audit ON trade_id = trades.id
                             WHERE trades.fill_id = order_fills.id)
     GROUP BY 1
"""
_CASH = """
    SELECT external_reference, what, count(*)
      FROM cash_requests
      LEFT JOIN journals ON idempotency_key = 'cash:' || cash_requests.id
     CROSS JOIN LATERAL unnest(
             ARRAY['asked', CASE WHEN (status = 'completed') = (journals.id IS NOT NULL) THEN status END]) AS what
     WHERE external_reference = ANY (%s) AND what <> 'pending' GROUP BY 1, 2
"""


class Acknowledgments:
    """Appends to the file; None: to nowhere. Raises UsageFailed if it cannot be written."""

    def __init__(self, path: Path | None) -> None:
        try:
            self._file = None if path is None else os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise UsageFailed(f"{path} cannot be written ({error.strerror}): name another file.") from None

    def write(self, **line: Any) -> None:
        """Append one line; what it says has been committed."""
        if self._file is not None:
            os.write(self._file, f"{json.dumps(line)}\n".encode())

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What the database has more or less often than it was acknowledged."""

    key: str
    what: str
    acknowledged: int
    found: int


def is_last_event(kind: str, subject: str) -> bool:
    """Whether what an event of that kind leaves in the order's chain is the newest there, but for its expiry."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_EVENT, [subject])
        row = cursor.fetchone()
    return row is not None and row[0] in EXEC_TYPES.get(kind, [])[-1:]


def reconcile(path: Path) -> list[Difference]:
    """Compare a file with the database: empty if every event of its orders and cash requests is there exactly once.

    An event more than was acknowledged may be right: its answer was lost on the way, with client or server.
    """
    expected: Counter[tuple[str, str]] = Counter()
    orders: set[str] = set()
    fills: set[str] = set()
    requests: set[str] = set()
    with path.open() as lines:
        for line in map(json.loads, lines):
            kind, subject, key = line["kind"], line["subject"], line["key"]
            for exec_type in EXEC_TYPES.get(kind, []):
                expected[subject, exec_type] += 1
                orders.add(subject)
            if kind == "apply_fill":
                expected[key, "execution"] += 1
                fills.add(key)
            if kind in CASH_STATUSES:
                expected[subject, CASH_STATUSES[kind]] += 1
                requests.add(subject)
    found = _counted(_ORDERS, orders) + _counted(_FILLS, fills) + _counted(_CASH, requests)
    return [
        Difference(key=key, what=what, acknowledged=expected[key, what], found=found[key, what])
        for key, what in sorted(expected | found)
        if expected[key, what] != found[key, what]
    ]


def _counted(query: str, keys: Iterable[str]) -> Counter[tuple[str, str]]:
    """How often the database has what, by (key, what)."""
    found: Counter[tuple[str, str]] = Counter()
    wanted = sorted(keys)
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), BATCH):
            cursor.execute(query, [wanted[start : start + BATCH]])
            found.update({(key, what): number for key, what, number in cursor.fetchall()})
    return found
