"""The triggers that only tables of risk have; their functions are in migrations/sql."""

import pgtrigger

from config.database.triggers import SharedTrigger, never_removed


def risk_event(function: str, condition: str | None = None) -> SharedTrigger:
    """A new row is an event for the risk desk, too, which `function` writes."""
    return SharedTrigger(
        name="risk_event",
        function=function,
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(condition) if condition else None,
    )


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
