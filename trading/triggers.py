"""Triggers of instruments; their functions are in migrations/sql."""

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
