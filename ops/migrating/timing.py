"""What each applied migration cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_LAST_STEPS = """
    SELECT m.app, m.name, m.applied, s.duration_ms, s.attempts, s.lock_wait_ms, coalesce(r.code_revision, '')
      FROM django_migrations m
      LEFT JOIN LATERAL (SELECT * FROM migration_steps s WHERE (s.app, s.name) = (m.app, m.name)
                            AND s.result = 'applied' ORDER BY s.id DESC LIMIT 1) s ON true
      LEFT JOIN migration_runs r ON r.id = s.run_id
     WHERE %(apps)s::text[] IS NULL OR m.app = ANY (%(apps)s::text[])
     ORDER BY m.applied, m.id
"""


@dataclass(frozen=True)
class Timing:
    """One applied migration; milliseconds and attempts are None where nothing was written down."""

    app: str
    name: str
    applied: datetime
    duration_ms: int | None
    attempts: int | None
    lock_wait_ms: int | None
    code_revision: str


def timings(connection: Any, apps: Sequence[str] | None = None) -> list[Timing]:
    """All applied migrations (of these `apps`, if given) in the order in which they were applied."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('migration_steps') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(_LAST_STEPS, {"apps": list(apps) if apps else None})
        return [Timing(*row) for row in cursor.fetchall()]
