"""The triggers that only tables of risk have; their functions are in migrations/sql/0001_functions.up.sql."""

import pgtrigger

from config.database.triggers import SharedTrigger, never_removed


def append_only_but_for_resolution() -> list[SharedTrigger]:
    """Refuses DELETE and TRUNCATE, and every UPDATE but the one that resolves the row, once."""
    return [
        *never_removed(),
        SharedTrigger(
            name="resolution",
            function="allow_resolution_only",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
        ),
    ]
