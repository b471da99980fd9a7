"""The triggers that only tables of risk have; their functions are in migrations/sql/0001_functions.up.sql."""

import pgtrigger

from config.database.triggers import SharedTrigger


def append_only_but_for_resolution() -> list[SharedTrigger]:
    """Refuses DELETE and TRUNCATE, and every UPDATE but the one that resolves the row, once."""
    return [
        SharedTrigger(
            name="append_only",
            function="refuse_change",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Delete,
        ),
        SharedTrigger(
            name="append_only_truncate",
            function="refuse_change",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
        ),
        SharedTrigger(
            name="resolution",
            function="allow_resolution_only",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
        ),
    ]
