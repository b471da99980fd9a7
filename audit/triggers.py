"""Triggers that only tables of this app have; their functions are in migrations/sql."""

import pgtrigger

from config.database.roles import OWNER
from config.database.triggers import SharedTrigger, never_removed


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


def append_only_but_for_release() -> list[SharedTrigger]:
    """Refuses DELETE and TRUNCATE, and every UPDATE but the one that releases the hold, once."""
    return [
        *never_removed(),
        SharedTrigger(
            name="release",
            function="allow_release_only",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
        ),
    ]


def refuse_held_departure() -> SharedTrigger:
    """Refuses to write down the departure of a period that somebody holds, and so the drop in the same transaction."""
    return SharedTrigger(
        name="legal_hold",
        function="refuse_held_departure",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
    )
