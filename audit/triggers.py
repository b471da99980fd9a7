"""Triggers of logs that code writes itself; their functions are in migrations/sql."""

import pgtrigger

from config.database.roles import OWNER
from config.database.triggers import SharedTrigger


def verified_point() -> SharedTrigger:
    """Up to where the books were found sound is said by who verifies, as the owner: later runs look no farther."""
    return SharedTrigger(
        name="verified_point",
        function="refuse_verified_point",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(
            f"NEW.event_type = 'books_verified' AND NEW.details ? 'point' AND CURRENT_USER <> '{OWNER.name}'"
        ),
    )
