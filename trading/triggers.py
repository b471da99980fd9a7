"""Triggers of instruments and corporate actions; their functions are in migrations/sql."""

import pgtrigger

from config.database.triggers import SharedTrigger

#: What quantities, prices and profits are told in.
TERMS = ("base_currency", "quote_currency", "tick_size", "quantity_step", "contract_size")


def instrument_terms() -> SharedTrigger:
    """Terms stay while something is held or ordered in them."""
    old, new = (", ".join(f"{row}.{column}" for column in TERMS) for row in ("OLD", "NEW"))
    return SharedTrigger(
        name="terms",
        function="check_instrument_terms",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf(*TERMS),
        condition=pgtrigger.Condition(f"(({old}) IS DISTINCT FROM ({new}))"),
    )


def instrument_zone() -> SharedTrigger:
    """Its days end in a time zone that the server knows."""
    return SharedTrigger(
        name="zone",
        function="check_instrument_zone",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("time_zone"),
    )


def settled_action() -> SharedTrigger:
    """What has been applied is applied once: neither it nor what was canceled becomes anything else."""
    return SharedTrigger(
        name="settled",
        function="refuse_settled_action",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        condition=pgtrigger.Condition("OLD.status IN ('applied', 'canceled')"),
    )
